package media

import (
	"encoding/json"
	"net/http"
	"time"
)

// question is what MediaMTX asks with authMethod http.
type question struct {
	Password string `json:"password"`
	IP       string `json:"ip"`
	Action   string `json:"action"`
	Path     string `json:"path"`
	Protocol string `json:"protocol"`
	ID       string `json:"id"`
}

// maxQuestion is longer than any question of MediaMTX, in bytes.
const maxQuestion = 16 << 10

// Authorize answers MediaMTX's questions: who has a valid stream key may publish, by RTMP and at the stream's path; everybody else is refused,
// with a reason. Nobody may read: our own requests carry the secret, for which MediaMTX does not ask.
func (m *MTX) Authorize(w http.ResponseWriter, r *http.Request) {
	var q question
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxQuestion)).Decode(&q); err != nil {
		http.Error(w, "expected MediaMTX's question in JSON", http.StatusBadRequest)
		return
	}
	why, err := m.judge(r, q)
	switch {
	case err != nil:
		m.config.Log.Error("a publisher cannot be checked", "error", err)
		http.Error(w, "the key cannot be checked now", http.StatusInternalServerError)
	case why != "":
		m.config.Log.Warn("refused", "action", q.Action, "protocol", q.Protocol, "from", q.IP, "reason", why)
		http.Error(w, why, http.StatusUnauthorized)
	default:
		w.WriteHeader(http.StatusOK)
	}
}

// judge returns why not; "" is a yes.
func (m *MTX) judge(r *http.Request, q question) (why string, err error) {
	switch {
	case q.Action != "publish":
		return "streams are watched by links of tempstream alone", nil
	case q.Protocol != "rtmp" && q.Protocol != "rtmps":
		return "streams are taken by RTMP alone", nil
	case q.Path != m.config.Path:
		return "there is no such path; publish to " + m.config.Path, nil
	case q.Password == "":
		return "the stream key is missing; append ?user=NAME&pass=KEY to the address", nil
	}
	id, name, ok, err := m.config.Keys.Operator(r.Context(), q.Password)
	switch {
	case err != nil:
		return "", err
	case !ok:
		return "the stream key is wrong or was revoked; \"tempstream key new NAME\" makes one", nil
	}
	m.admit(q.ID, publisher{id, name, time.Now()})
	m.config.Log.Info("a publisher is let in", "operator", name, "from", q.IP)
	return "", nil
}
