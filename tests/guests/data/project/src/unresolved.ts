import { missing } from './nowhere';
console.log(missing);
