import { missing } from './nowhere';
const x: number = ;
export default missing;
