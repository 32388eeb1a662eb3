package standin

import (
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
)

// Answer is an HTTP answer before it is sent, so that it can be kept, replaced
// by a fault or lost.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Empty answers a status without a body.
func Empty(status int) Answer { return Answer{Status: status, Header: http.Header{}} }

// JSON answers a status with a body of this Content-Type.
func JSON(status int, contentType string, body any) Answer {
	return Answer{Status: status, Header: http.Header{"Content-Type": {contentType}}, Body: Encode(body)}
}

// Encode writes JSON. Everything that a stand-in answers can be encoded; if that
// ever changes, the result is not JSON and every test of it fails.
func Encode(v any) []byte {
	content, err := json.Marshal(v)
	if err != nil {
		return []byte(err.Error())
	}
	return content
}

// With returns a copy with one more, or another, header.
func (a Answer) With(name, value string) Answer {
	a.Header = a.Header.Clone()
	a.Header.Set(name, value)
	return a
}

// WithBody returns a copy with another body.
func (a Answer) WithBody(body string) Answer {
	a.Body = []byte(body)
	return a
}

// Send writes the answer. A client that has gone away is nobody's error.
func (a Answer) Send(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.Header)
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body)
}

// half announces the whole answer, sends half of it and breaks the connection.
func (a Answer) half(w http.ResponseWriter) {
	a = a.With("Content-Length", strconv.Itoa(len(a.Body)))
	a.Body = a.Body[:len(a.Body)/2]
	a.Send(w)
	// Without a flush the server would drop what it holds, and the client
	// would see no answer at all.
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}
