// Package browsertest holds the tests of examples/preview in a headless Chromium: what a libwebrtc client receives from the library. It is a
// module of its own, so that the library does not depend on what drives a browser. "make test-slow" runs it, and "make quality" measures.
package browsertest
