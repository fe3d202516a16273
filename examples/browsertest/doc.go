// Package browsertest holds, in its folders, the tests of examples in a headless Chromium: what a libwebrtc client receives from the library by
// examples/preview, and what a viewer sees of examples/tempstream. It is a module of its own, so that neither depends on what drives a browser.
// "make test-slow" runs it, and "make quality" measures.
package browsertest
