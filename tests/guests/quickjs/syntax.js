// Does not parse.
let a = ;
