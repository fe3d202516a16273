package media

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"gotgcall/internal/ffmpeg"
	"gotgcall/models"
)

type urlPolicyKey struct{}

// WithURLPolicy returns a context in which FromURL asks the policy about its URL before it does anything with it. What the policy returns an error
// for is ErrInvalidParams that also wraps that error. It sees the URL, and the redirections of a request of the library itself: where ffmpeg goes, by a
// redirection or a playlist, is not known before. A nil policy allows everything.
func WithURLPolicy(ctx context.Context, policy func(*url.URL) error) context.Context {
	return context.WithValue(ctx, urlPolicyKey{}, policy)
}

// urlPolicyFrom returns nil when ctx carries none.
func urlPolicyFrom(ctx context.Context) func(*url.URL) error {
	policy, _ := ctx.Value(urlPolicyKey{}).(func(*url.URL) error)
	return policy
}

// Allow asks a policy, as WithURLPolicy has it, about the target.
func (t PushTarget) Allow(policy func(*url.URL) error) error {
	return askPolicy(policy, "the RTMP URL "+t.shown, t.url, t.secrets)
}

// askPolicy asks about what ffmpeg would be given. The subject names it without its secrets.
func askPolicy(policy func(*url.URL) error, subject, target string, secrets []string) error {
	if policy == nil {
		return nil
	}
	u, err := url.Parse(target) // its error would show the URL
	if err != nil {
		return fmt.Errorf("%w: %s is not well-formed, so the URL policy cannot judge it: escape it", models.ErrInvalidParams, subject)
	}
	if err := policy(u); err != nil {
		text := ffmpeg.RedactAbout(err.Error(), []string{target}, append(valuesOf(u), secrets...))
		return &refusedError{text: fmt.Sprintf("%v: %s is refused by the URL policy: %s", models.ErrInvalidParams, subject, text), cause: err}
	}
	return nil
}

// valuesOf returns the password and the query values of a URL. Very short ones are everywhere in a text.
func valuesOf(u *url.URL) []string {
	const short = 4
	password, _ := u.User.Password()
	values := []string{password}
	for _, v := range u.Query() {
		values = append(values, v...)
	}
	return slices.DeleteFunc(values, func(s string) bool { return len(s) < short })
}

// refusedError is what a policy's error becomes: its text has lost the secrets of the URL.
type refusedError struct {
	text  string
	cause error
}

// Error implements error.
func (e *refusedError) Error() string { return e.text }

// Unwrap returns ErrInvalidParams and the policy's own error.
func (e *refusedError) Unwrap() []error { return []error{models.ErrInvalidParams, e.cause} }
