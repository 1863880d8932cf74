// What a page cannot do, and why.

const FROM_DISK = "A page opened from disk cannot start Python: that needs a web server.";
const WITHOUT_PYTHON = "This copy of the course was made without Python.";

/** Why this page cannot start Python, or "". */
export const lacksPython =
  location.protocol === "file:"
    ? FROM_DISK
    : document.querySelector('meta[name="pkvm-python"][content="none"]')
      ? WITHOUT_PYTHON
      : "";
