// The main module of a page that only asks Python, and shows its functions to a test.

import { askClerk, askPython, endPython, onPython } from "../../../pkvm_model/course/site/front_end/python.js";

globalThis.news = [];
onPython((said) => globalThis.news.push(said));
Object.assign(globalThis, { askClerk, askPython, endPython });
