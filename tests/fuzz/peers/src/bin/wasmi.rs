//! wasmi as a peer of the differential fuzzer.
use std::fmt::Write;
use wasmi::*;
use wherry_fuzz_peers::*;

fn kind(ty: ValType) -> Kind {
    match ty {
        ValType::I32 => Kind::I32,
        ValType::I64 => Kind::I64,
        ValType::F32 => Kind::F32,
        ValType::F64 => Kind::F64,
        _ => Kind::Other,
    }
}

fn value(numbers: &mut Numbers, ty: ValType) -> Val {
    let bits = numbers.value(kind(ty));
    match ty {
        ValType::I32 => Val::I32(bits as i32),
        ValType::I64 => Val::I64(bits as i64),
        ValType::F32 => Val::F32(F32::from_bits(bits as u32)),
        ValType::F64 => Val::F64(F64::from_bits(bits)),
        other => Val::default_for_ty(other),
    }
}

fn show(text: &mut String, value: &Val) {
    match value {
        Val::I32(v) => write!(text, " i32:{:x}", v).unwrap(),
        Val::I64(v) => write!(text, " i64:{:x}", v).unwrap(),
        Val::F32(v) => text.push_str(&show_f32(v.to_bits())),
        Val::F64(v) => text.push_str(&show_f64(v.to_bits())),
        Val::V128(v) => write!(text, " v128:{:032x}", v.as_u128()).unwrap(),
        Val::FuncRef(v) => text.push_str(show_ref(v.is_null())),
        Val::ExternRef(v) => text.push_str(show_ref(v.is_null())),
    }
}

fn trap(error: &Error) -> &'static str {
    match error.as_trap_code() {
        Some(TrapCode::UnreachableCodeReached) => "unreachable",
        Some(TrapCode::MemoryOutOfBounds) => "memory",
        Some(TrapCode::TableOutOfBounds) => "table",
        Some(TrapCode::IndirectCallToNull) => "null",
        Some(TrapCode::IntegerDivisionByZero) => "division",
        Some(TrapCode::IntegerOverflow) => "overflow",
        Some(TrapCode::BadConversionToInteger) => "conversion",
        Some(TrapCode::StackOverflow) => "exhausted",
        Some(TrapCode::BadSignature) => "signature",
        Some(TrapCode::OutOfFuel) => "fuel",
        Some(TrapCode::GrowthOperationLimited | TrapCode::OutOfSystemMemory) => "exhausted",
        None if error.to_string() == "the host's trap" => "host",
        // What wasmi does not translate: functions of more slots than it has numbers for.
        None => {
            if std::env::var_os("WHERRY_PEER_ERRORS").is_some() {
                eprintln!("wasmi: {error}");
            }
            "exhausted"
        }
    }
}

fn results(ty: &FuncType) -> Vec<Val> {
    ty.results().iter().map(|&ty| Val::default_for_ty(ty)).collect()
}

fn answer(caller: &mut Caller<Host>, first: Option<&str>, ty: &FuncType, out: &mut [Val]) -> Result<(), Error> {
    caller.data_mut().calls += 1;
    let call = caller.data().calls;
    if call % 61 == 60 {
        return Err(Error::new("the host's trap"));
    }
    if call % 7 == 3 && caller.data().depth < 2 {
        caller.data_mut().depth += 1;
        let mut done = Ok(());
        if let Some(Extern::Func(func)) = first.and_then(|name| caller.get_export(name)) {
            let inner = func.ty(&*caller);
            let params: Vec<Val> = inner.params().iter().map(|&ty| value(&mut caller.data_mut().numbers, ty)).collect();
            done = func.call(&mut *caller, &params, &mut results(&inner));
        }
        caller.data_mut().depth -= 1;
        done?;
    }
    for (slot, &ty) in out.iter_mut().zip(ty.results()) {
        *slot = value(&mut caller.data_mut().numbers, ty);
    }
    Ok(())
}

fn import(store: &mut Store<Host>, request: &Request, ty: &ExternType) -> Result<Extern, Error> {
    Ok(match ty {
        ExternType::Func(ty) => {
            let first = request.exports.iter().find(|e| e.kind == b'f').map(|e| e.name.clone());
            let signature = ty.clone();
            Extern::Func(Func::new(store, ty.clone(), move |mut caller: Caller<Host>, _: &[Val], out: &mut [Val]| {
                answer(&mut caller, first.as_deref(), &signature, out)
            }))
        }
        ExternType::Table(ty) => Extern::Table(Table::new(store, *ty, Ref::null(ty.element()))?),
        ExternType::Memory(ty) => Extern::Memory(Memory::new(store, *ty)?),
        ExternType::Global(ty) => {
            let value = value(&mut store.data_mut().numbers, ty.content());
            Extern::Global(Global::new(store, value, ty.mutability()))
        }
    })
}

thread_local! {
    static ENGINE: Engine = {
        let mut config = Config::default();
        config.wasm_wide_arithmetic(true).wasm_custom_page_sizes(true).consume_fuel(true);
        config.set_max_recursion_depth(1 << 20).set_max_stack_height(200 << 20);
        Engine::new(&config)
    };
}

fn observe(request: &Request, text: &mut String) {
    let engine = ENGINE.with(Clone::clone);
    let module = match Module::new(&engine, &request.module) {
        Ok(module) => module,
        Err(error) => return writeln!(text, "refused {}", error.to_string().replace('\n', " ")).unwrap(),
    };
    let host = Host { numbers: Numbers::new(&request.arguments), calls: 0, depth: 0 };
    let mut store = Store::new(&engine, host);
    store.set_fuel(1_000_000_000).unwrap();
    let made: Result<Vec<Extern>, Error> = module.imports().map(|i| import(&mut store, request, i.ty())).collect();
    let instance = match made.and_then(|imports| Instance::new(&mut store, &module, &imports)) {
        Ok(instance) => instance,
        Err(error) => return writeln!(text, "instantiate trap {}", trap(&error)).unwrap(),
    };
    text.push_str("instantiate ok\n");

    let mut numbers = Numbers::new(&request.arguments);
    let (mut calls, mut called) = (0, 0);
    for export in request.exports.iter().filter(|e| e.kind == b'f') {
        let func = instance.get_func(&store, &export.name).unwrap();
        called += 1;
        for _ in 0..2 {
            if called > MOST_CALLED_EXPORTS || calls >= request.most_calls {
                break;
            }
            let ty = func.ty(&store);
            let params: Vec<Val> = ty.params().iter().map(|&ty| value(&mut numbers, ty)).collect();
            let mut out = results(&ty);
            write!(text, "call {calls}").unwrap();
            calls += 1;
            match func.call(&mut store, &params, &mut out) {
                Ok(()) => out.iter().for_each(|value| show(text, value)),
                Err(error) => write!(text, " trap {}", trap(&error)).unwrap(),
            }
            text.push('\n');
            if text.ends_with("trap exhausted\n") {
                return;
            }
        }
    }
    for export in &request.exports {
        match instance.get_export(&store, &export.name).unwrap() {
            Extern::Memory(memory) => {
                let data = memory.data(&store);
                writeln!(text, "memory {} {:x}", data.len(), hash(data)).unwrap();
            }
            Extern::Global(global) => {
                text.push_str("global");
                show(text, &global.get(&store));
                text.push('\n');
            }
            Extern::Table(table) => {
                let size = table.size(&store);
                write!(text, "table {size} ").unwrap();
                for i in 0..size.min(MOST_COMPARED_ELEMENTS) {
                    text.push(if table.get(&store, i).unwrap().is_null() { '-' } else { '*' });
                }
                text.push('\n');
            }
            Extern::Func(_) => {}
        }
    }
}

fn main() {
    serve(observe);
}
