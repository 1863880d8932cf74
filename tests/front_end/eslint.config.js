// Rules for the front end: what ESLint recommends, and what keeps widgets safe inside a notebook.

import js from "@eslint/js";
import globals from "globals";

const MARKUP = "Text becomes text nodes (elements.js), never markup.";
const banned = (property) => ({ property, message: MARKUP });

export default [
  { ignores: ["**/node_modules/**"] },
  js.configs.recommended,
  {
    files: ["pkvm_model/**/*.js"],
    languageOptions: { globals: globals.browser },
    rules: {
      eqeqeq: "error",
      "max-len": ["error", { code: 120 }],
      "no-implied-eval": "error",
      "no-eval": "error",
      "no-unused-vars": ["error", { args: "none" }],
      "no-new-func": "error",
      "no-shadow": "off",
      "no-var": "error",
      "prefer-const": "error",
      "no-restricted-properties": [
        "error",
        ...["innerHTML", "outerHTML", "insertAdjacentHTML"].map(banned),
        { object: "document", property: "write", message: MARKUP },
        { property: "disabled", message: "A disabled control loses the focus; use enable() of elements.js." },
      ],
    },
  },
  {
    // A bundle runs in pages without a network, so nothing but the loader of JupyterLab asks for a file.
    files: ["pkvm_model/**/*.js"],
    ignores: ["**/remoteEntry.js"],
    rules: {
      "no-restricted-globals": ["error", "fetch", "XMLHttpRequest", "EventSource", "WebSocket", "eval"],
      "no-restricted-syntax": ["error", { selector: "ImportExpression", message: "A bundle cannot import." }],
    },
  },
  { files: ["pkvm_model/**/remoteEntry.js"], languageOptions: { sourceType: "script" } },
  {
    // The service worker is a file of its own, and the one place from which the site's pages are fetched.
    files: ["pkvm_model/**/service_worker.js"],
    languageOptions: { globals: { ...globals.serviceworker, COURSE: "readonly" } },
    rules: { "no-restricted-globals": "off" },
  },
  {
    // The notebooks' service worker and what starts it are files of their own, too.
    files: ["pkvm_model/course/site/lab/*.js"],
    languageOptions: { globals: globals.serviceworker },
    rules: { "no-restricted-globals": "off" },
  },
  {
    // Python is so large that it is fetched when first asked; its worker imports what it was handed.
    files: ["pkvm_model/**/python.js", "pkvm_model/**/worker.js"],
    languageOptions: { globals: globals.worker },
    rules: { "no-restricted-globals": "off", "no-restricted-syntax": "off" },
  },
  {
    // The editor is so large that only an exercise's page fetches it; if it cannot, it goes on without.
    files: ["pkvm_model/**/writing.js"],
    rules: { "no-restricted-syntax": "off" },
  },
  { files: ["tests/**/*.js", "tests/**/*.mjs"], languageOptions: { globals: globals.node } },
];
