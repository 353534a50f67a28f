//! Wasmtime as a peer of the differential fuzzer.
use std::fmt::Write;
use wasmtime::*;
use wherry_fuzz_peers::*;

fn kind(ty: &ValType) -> Kind {
    match ty {
        ValType::I32 => Kind::I32,
        ValType::I64 => Kind::I64,
        ValType::F32 => Kind::F32,
        ValType::F64 => Kind::F64,
        _ => Kind::Other,
    }
}

/// None for types without a default value.
fn value(numbers: &mut Numbers, ty: &ValType) -> Option<Val> {
    let bits = numbers.value(kind(ty));
    Some(match ty {
        ValType::I32 => Val::I32(bits as i32),
        ValType::I64 => Val::I64(bits as i64),
        ValType::F32 => Val::F32(bits as u32),
        ValType::F64 => Val::F64(bits),
        other => other.default_value()?,
    })
}

fn show(text: &mut String, value: &Val) {
    match value {
        Val::I32(v) => write!(text, " i32:{:x}", v).unwrap(),
        Val::I64(v) => write!(text, " i64:{:x}", v).unwrap(),
        Val::F32(v) => text.push_str(&show_f32(*v)),
        Val::F64(v) => text.push_str(&show_f64(*v)),
        Val::V128(v) => write!(text, " v128:{:032x}", v.as_u128()).unwrap(),
        Val::FuncRef(v) => text.push_str(show_ref(v.is_none())),
        Val::ExternRef(v) => text.push_str(show_ref(v.is_none())),
        Val::AnyRef(v) => text.push_str(show_ref(v.is_none())),
        Val::ExnRef(v) => text.push_str(show_ref(v.is_none())),
        Val::ContRef(_) => text.push_str(" cont"),
    }
}

fn trap(error: &Error) -> &'static str {
    if error.is::<ThrownException>() {
        return "exception";
    }
    if error.is::<GcHeapOutOfMemory<()>>() {
        return "exhausted";
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => "exhausted",
        Some(Trap::MemoryOutOfBounds) => "memory",
        Some(Trap::HeapMisaligned) => "unaligned",
        Some(Trap::TableOutOfBounds) => "table",
        Some(Trap::IndirectCallToNull | Trap::NullReference) => "null",
        Some(Trap::BadSignature) => "signature",
        Some(Trap::IntegerOverflow) => "overflow",
        Some(Trap::IntegerDivisionByZero) => "division",
        Some(Trap::BadConversionToInteger) => "conversion",
        Some(Trap::UnreachableCodeReached) => "unreachable",
        Some(Trap::OutOfFuel) => "fuel",
        Some(Trap::AtomicWaitNonSharedMemory) => "unshared",
        Some(Trap::ArrayOutOfBounds) => "array",
        Some(Trap::AllocationTooLarge) => "exhausted",
        Some(Trap::CastFailure) => "cast",
        Some(_) => "other",
        None => "host",
    }
}

fn results(ty: &FuncType) -> Vec<Val> {
    ty.results().map(|ty| ty.default_value().unwrap_or(Val::I32(0))).collect()
}

fn answer(caller: &mut Caller<Host>, first: Option<&str>, ty: &FuncType, out: &mut [Val]) -> Result<()> {
    caller.data_mut().calls += 1;
    let call = caller.data().calls;
    if call % 61 == 60 {
        return Err(Error::msg("the host's trap"));
    }
    if call % 7 == 3 && caller.data().depth < 2 {
        caller.data_mut().depth += 1;
        let mut done = Ok(());
        if let Some(Extern::Func(func)) = first.and_then(|name| caller.get_export(name)) {
            let inner = func.ty(&*caller);
            let params: Option<Vec<Val>> = inner.params().map(|ty| value(&mut caller.data_mut().numbers, &ty)).collect();
            done = match params {
                Some(params) => func.call(&mut *caller, &params, &mut results(&inner)),
                None => Err(Error::msg("no such argument")),
            };
        }
        caller.data_mut().depth -= 1;
        done?;
    }
    for (slot, ty) in out.iter_mut().zip(ty.results()) {
        *slot = value(&mut caller.data_mut().numbers, &ty).ok_or_else(|| Error::msg("no such result"))?;
    }
    Ok(())
}

fn import(store: &mut Store<Host>, request: &Request, ty: &ExternType) -> Result<Extern> {
    Ok(match ty {
        ExternType::Func(ty) => {
            let first = request.exports.iter().find(|e| e.kind == b'f').map(|e| e.name.clone());
            let signature = ty.clone();
            Extern::Func(Func::new(store, ty.clone(), move |mut caller: Caller<Host>, _: &[Val], out: &mut [Val]| {
                answer(&mut caller, first.as_deref(), &signature, out)
            }))
        }
        ExternType::Global(ty) => {
            let value = value(&mut store.data_mut().numbers, ty.content()).ok_or_else(|| Error::msg("no such global"))?;
            Extern::Global(Global::new(store, ty.clone(), value)?)
        }
        ExternType::Tag(ty) => Extern::Tag(Tag::new(store, ty)?),
        other => other.default_value(store)?,
    })
}

thread_local! {
    static ENGINE: Engine = {
        let mut config = Config::new();
        config.wasm_wide_arithmetic(true).wasm_custom_page_sizes(true).wasm_multi_memory(true).wasm_memory64(true);
        config.wasm_function_references(true).wasm_gc(true).wasm_exceptions(true).wasm_threads(true).wasm_tail_call(true);
        config.relaxed_simd_deterministic(true).shared_memory(true);
        config.consume_fuel(true).async_stack_size(256 << 20).max_wasm_stack(128 << 20).cranelift_opt_level(OptLevel::None);
        config.memory_reservation(1 << 20).memory_guard_size(64 << 10).memory_init_cow(false);
        Engine::new(&config).unwrap()
    };
}

fn observe(request: &Request, text: &mut String) {
    let engine = ENGINE.with(Clone::clone);
    let module = match Module::from_binary(&engine, &request.module) {
        Ok(module) => module,
        Err(error) => return writeln!(text, "refused {}", format!("{error:#}").replace('\n', " ")).unwrap(),
    };
    let host = Host { numbers: Numbers::new(&request.arguments), calls: 0, depth: 0 };
    let mut store = Store::new(&engine, host);
    store.set_fuel(1_000_000_000).unwrap();
    let made: Result<Vec<Extern>> = module.imports().map(|i| import(&mut store, request, &i.ty())).collect();
    let instance = match made.and_then(|imports| Instance::new(&mut store, &module, &imports)) {
        Ok(instance) => instance,
        Err(error) => return writeln!(text, "instantiate trap {}", trap(&error)).unwrap(),
    };
    text.push_str("instantiate ok\n");

    let mut numbers = Numbers::new(&request.arguments);
    let (mut calls, mut called) = (0, 0);
    for export in request.exports.iter().filter(|e| e.kind == b'f') {
        let func = instance.get_func(&mut store, &export.name).unwrap();
        called += 1;
        for _ in 0..2 {
            if called > MOST_CALLED_EXPORTS || calls >= request.most_calls {
                break;
            }
            let ty = func.ty(&store);
            let params: Vec<Option<Val>> = ty.params().map(|ty| value(&mut numbers, &ty)).collect();
            let params: Option<Vec<Val>> = params.into_iter().collect();
            let mut out = results(&ty);
            write!(text, "call {calls}").unwrap();
            calls += 1;
            match params.map(|params| func.call(&mut store, &params, &mut out)) {
                Some(Ok(())) => out.iter().for_each(|value| show(text, value)),
                Some(Err(error)) => write!(text, " trap {}", trap(&error)).unwrap(),
                None => text.push_str(" error"),
            }
            text.push('\n');
            if text.ends_with("trap exhausted\n") {
                return;
            }
        }
    }
    for export in &request.exports {
        match instance.get_export(&mut store, &export.name).unwrap() {
            Extern::Memory(memory) => {
                let data = memory.data(&store);
                writeln!(text, "memory {} {:x}", data.len(), hash(data)).unwrap();
            }
            Extern::Global(global) => {
                text.push_str("global");
                show(text, &global.get(&mut store));
                text.push('\n');
            }
            Extern::Table(table) => {
                let size = table.size(&store);
                write!(text, "table {size} ").unwrap();
                for i in 0..size.min(MOST_COMPARED_ELEMENTS) {
                    text.push(if table.get(&mut store, i).unwrap().is_null() { '-' } else { '*' });
                }
                text.push('\n');
            }
            _ => {}
        }
    }
}

fn main() {
    serve(observe);
}
