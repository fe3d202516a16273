package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"gotgcall/internal/ffmpeg"
)

// httpPatience is how long a server may take to be reached, to answer, and to go on, as ffmpeg's -rw_timeout.
const httpPatience = 10 * time.Second

var (
	// errSilent is the end of a request on which nothing came for httpPatience.
	errSilent = errors.New("nothing came for " + httpPatience.String())
	// errUnfit says that a server's answer is not a file of a known length.
	errUnfit = errors.New("it is not a file of a known length")
	// errUnsized is errUnfit of a server that gives parts without telling of how much. To ffmpeg that is nothing, which ends after its first bytes.
	errUnsized = fmt.Errorf("%w: the server gives parts of it and does not tell its length", errUnfit)
)

// httpFile is a file that a server has.
type httpFile struct {
	// Set at construction.
	subject string
	target  string
	secrets []string
	header  http.Header
	client  *http.Client
	ctx     context.Context //nolint:containedctx // of all requests
	cancel  context.CancelCauseFunc

	// Set by ask.
	size   int64
	ranges bool   // the server gives parts
	tag    string // of this version of the file, "" for none
	head   []byte // its beginning
}

// newHTTPFile prepares for requests, which end with ctx.
func newHTTPFile(ctx context.Context, subject, target string, o EncodeOptions, secrets []string) *httpFile {
	f := &httpFile{subject: subject, target: target, secrets: secrets, header: o.requestHeader()}
	f.ctx, f.cancel = context.WithCancelCause(ctx)
	f.client = newHTTPClient(o, urlPolicyFrom(ctx), subject, secrets)
	return f
}

// end ends all requests.
func (f *httpFile) end() error {
	f.cancel(errClosed)
	f.client.CloseIdleConnections()
	return nil
}

// ask makes the first request. Its answer says what there is. For a file that is to be sought in, only the beginning is asked for.
func (f *httpFile) ask(beginning bool) (io.ReadCloser, error) {
	span := "bytes=0-"
	if beginning {
		span += strconv.Itoa(lookedAt - 1)
	}
	resp, err := f.request(span)
	if err != nil {
		return nil, err
	}
	switch first, size, ok := contentRange(resp); {
	case resp.Header.Get("Content-Encoding") != "":
		err = fmt.Errorf("%w: the server encodes it", errUnfit)
	case resp.StatusCode == http.StatusPartialContent && ok && first == 0:
		f.size, f.ranges = size, true
	case resp.StatusCode == http.StatusOK && resp.ContentLength >= 0:
		f.size = resp.ContentLength
	case resp.StatusCode == http.StatusPartialContent:
		err = errUnsized
	case resp.StatusCode == http.StatusOK:
		err = fmt.Errorf("%w: the server does not tell its length", errUnfit)
	default:
		err = fmt.Errorf("the server does not give it out: %s", http.StatusText(resp.StatusCode))
	}
	if err != nil {
		_ = resp.Body.Close() // nothing of it is wanted
		return nil, err
	}
	if tag := resp.Header.Get("ETag"); !strings.HasPrefix(tag, "W/") {
		f.tag = tag
	}
	return resp.Body, nil
}

// request asks for a span of bytes. Reading the answer is watched.
func (f *httpFile) request(span string) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(f.ctx)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.target, nil)
	if err != nil {
		cancel(nil)
		return nil, f.redacted(err)
	}
	req.Header = f.header.Clone()
	req.Header.Set("Range", span)
	if f.tag != "" {
		req.Header.Set("If-Range", f.tag)
	}
	watch := time.AfterFunc(httpPatience, func() { cancel(errSilent) })
	resp, err := f.client.Do(req)
	watch.Stop()
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		cancel(nil)
		return nil, f.redacted(err)
	}
	resp.Body = &watchedBody{ReadCloser: resp.Body, ctx: ctx, cancel: cancel, watch: watch}
	return resp, nil
}

// redacted is an error without the URL and what is secret.
func (f *httpFile) redacted(err error) error {
	err = withoutURL(err)
	return &redactedError{text: ffmpeg.RedactAbout(err.Error(), []string{f.target}, f.secrets), cause: err}
}

// redactedError is an error whose text has lost its secrets.
type redactedError struct {
	text  string
	cause error
}

// Error implements error.
func (e *redactedError) Error() string { return e.text }

// Unwrap returns the error as it was, for errors.Is and errors.As. It has lost the URL, but may have what a server has said.
func (e *redactedError) Unwrap() error { return e.cause }

// contents gives the file to whoever plays it. body goes on behind its beginning.
func (f *httpFile) contents(head []byte, body io.ReadCloser, beginning bool) contents {
	c := contents{head: head, size: f.size, end: f.end}
	if f.ranges {
		f.head = head
		c.at = f
	}
	c.from = func(offset int64) (io.Reader, error) {
		f.head = nil // the search is over
		if offset == 0 && !beginning || !f.ranges {
			d := &download{file: f, body: body, at: int64(len(head))}
			return io.MultiReader(bytes.NewReader(head), d), nil
		}
		if err := body.Close(); err != nil {
			return nil, err
		}
		return f.download(offset)
	}
	return c
}

// ReadAt implements io.ReaderAt, by a request for what does not stand at the beginning.
func (f *httpFile) ReadAt(b []byte, offset int64) (int, error) {
	if offset < int64(len(f.head)) {
		n := copy(b, f.head[offset:])
		if n == len(b) {
			return n, nil
		}
		rest, err := f.ReadAt(b[n:], offset+int64(n))
		return n + rest, err
	}
	want := min(int64(len(b)), f.size-offset)
	if want <= 0 {
		return 0, io.EOF
	}
	body, err := f.part(offset, offset+want-1)
	if err != nil {
		return 0, err
	}
	defer body.Close()
	n, err := io.ReadFull(body, b[:want])
	if err == nil && n < len(b) {
		err = io.EOF
	}
	return n, err
}

// part asks for the bytes from first to last.
func (f *httpFile) part(first, last int64) (io.ReadCloser, error) {
	resp, err := f.request(fmt.Sprintf("bytes=%d-%d", first, last))
	if err != nil {
		return nil, err
	}
	from, size, ok := contentRange(resp)
	if resp.StatusCode != http.StatusPartialContent || !ok || from != first || size != f.size {
		_ = resp.Body.Close() // nothing of it is wanted
		return nil, fmt.Errorf("the server does not give the part that was asked for: %s", http.StatusText(resp.StatusCode))
	}
	return resp.Body, nil
}

// contentRange reads the header Content-Range (RFC 9110 section 14.4).
func contentRange(resp *http.Response) (first, size int64, ok bool) {
	span, ok := strings.CutPrefix(resp.Header.Get("Content-Range"), "bytes ")
	if !ok {
		return 0, 0, false
	}
	span, total, _ := strings.Cut(span, "/")
	begin, _, _ := strings.Cut(span, "-")
	first, err := strconv.ParseInt(begin, 10, 64)
	size, err2 := strconv.ParseInt(total, 10, 64)
	return first, size, err == nil && err2 == nil && first >= 0 && size > first
}
