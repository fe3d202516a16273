package media

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"gotgcall/examples/tempstream/internal/testkit"
)

// logged is a log that a test can read.
func logged(t *testing.T) (*slog.Logger, *testkit.Buffer) {
	var b testkit.Buffer
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(b.String())
		}
	})
	return slog.New(slog.NewJSONHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug})), &b
}

func get(s Server, name string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHLS(w, httptest.NewRequest(http.MethodGet, "/play/"+name, nil), name)
	return w
}
