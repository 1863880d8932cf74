"""The browser edition: the whole course as a folder for any static host, live without an installation."""
