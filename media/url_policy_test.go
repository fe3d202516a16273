package media

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"gotgcall/models"
)

func TestThePolicySeesTheWholeURLBeforeAnythingIsStarted(t *testing.T) {
	no := errors.New("no")
	for _, u := range []string{
		"http://bot:pass@host:8080/a%20b?x=1#y", "HTTPS://HOST/", "rtsp://[2001:db8::1]/live", "srt://host:9000?passphrase=abcdefghij", "rtmp://host/app/key",
	} {
		var seen *url.URL
		ctx := WithURLPolicy(t.Context(), func(u *url.URL) error { seen = u; return no })
		_, err := FromURL(u).Open(ctx)
		if !errors.Is(err, no) || !errors.Is(err, models.ErrInvalidParams) {
			t.Errorf("%s: the error is %v", u, err)
		}
		want, parseErr := url.Parse(u)
		if parseErr != nil {
			t.Fatal(parseErr)
		}
		if seen == nil || seen.String() != want.String() {
			t.Errorf("the policy saw %v, expected %v", seen, want)
		}
	}
}

func TestThePolicyIsNotAskedAboutWhatIsNoURLOfOurs(t *testing.T) {
	ctx := WithURLPolicy(t.Context(), func(u *url.URL) error { t.Errorf("it was asked about %v", u); return nil })
	open(t, ctx, FromFile(song))
	for _, s := range []Source{FromURL("ftp://host/x"), FromURL("http://"), FromFile("http://host/x")} {
		if _, err := s.Open(ctx); err == nil {
			t.Error("it opens")
		}
	}
}

func TestAURLThatGoCannotParseIsRefusedWhereThereIsAPolicy(t *testing.T) {
	const u = "http://host/%zz?planted-value"
	ctx := WithURLPolicy(t.Context(), func(*url.URL) error { t.Error("it was asked"); return nil })
	_, err := FromURL(u).Open(ctx)
	if !errors.Is(err, models.ErrInvalidParams) || !strings.Contains(err.Error(), "not well-formed") || strings.Contains(err.Error(), "planted") {
		t.Errorf("the error is %v", err)
	}
}

func TestWhatThePolicySaysHasNoSecrets(t *testing.T) {
	for _, target := range []string{
		"rtmp://bob:planted-pw@host/app/planted-key?k=planted-value", "rtmps://host/planted-key-0123456789",
	} {
		push, err := ParsePushTarget(target)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []func(u *url.URL) string{
			func(u *url.URL) string { return u.String() },
			func(u *url.URL) string { return u.Path + " " + u.RawQuery },
			func(u *url.URL) string { return u.Query().Get("k") + " of " + u.User.String() },
			func(u *url.URL) string { return url.QueryEscape(u.String()) },
		} {
			err := push.Allow(func(u *url.URL) error { return errors.New(text(u)) })
			if err == nil || strings.Contains(err.Error(), "planted") || !strings.Contains(err.Error(), "host") {
				t.Errorf("%s: the error is %v", target, err)
			}
		}
		if err := push.Allow(nil); err != nil {
			t.Error(err)
		}
	}
}

func FuzzURLPolicy(f *testing.F) {
	f.Add("bob", "planted-pw-1", "planted-value-2")
	f.Add("", "a b%", "x&y=z")
	f.Fuzz(func(t *testing.T, user, password, value string) {
		u := url.URL{Scheme: "http", User: url.UserPassword(user, "7q"+password+"zQ8"), Host: "host", Path: "/a", RawQuery: url.Values{"k": {"7q" + value + "zQ8"}}.Encode()}
		ctx := WithURLPolicy(t.Context(), func(u *url.URL) error {
			pw, _ := u.User.Password()
			return errors.New(u.String() + " " + pw + " " + u.Query().Get("k"))
		})
		_, err := FromURL(u.String()).Open(ctx)
		if err == nil {
			t.Fatal("it opens")
		}
		for _, secret := range []string{"7q" + password + "zQ8", "7q" + value + "zQ8"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%v shows %q", err, secret)
			}
		}
	})
}
