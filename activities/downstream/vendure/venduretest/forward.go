package venduretest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
)

// remembered is an answer to a read, after how many changes.
type remembered struct {
	answer  answer
	changes int
}

// answer is a whole answer.
type answer struct {
	body   []byte
	header http.Header
	status int
}

func (a answer) write(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

// passOther sends another request on in place of the one that came.
func (p *Proxy) passOther(w http.ResponseWriter, r *http.Request, other request) {
	raw, err := json.Marshal(other)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	p.pass(w, r, raw)
}

// pass sends a request on and its answer back.
func (p *Proxy) pass(w http.ResponseWriter, r *http.Request, raw []byte) {
	got, err := p.forward(r, raw)
	if err != nil {
		// As when Vendure is gone.
		panic(http.ErrAbortHandler)
	}
	got.write(w)
}

// forward sends a request on. It does so also when the client no longer waits:
// a system does not stop half-way.
func (p *Proxy) forward(r *http.Request, raw []byte) (answer, error) {
	ctx := context.WithoutCancel(r.Context())
	req, err := http.NewRequestWithContext(ctx, r.Method, p.server.URL, bytes.NewReader(raw))
	if err != nil {
		return answer{}, err
	}
	p.mu.Lock()
	if p.expired[loginOf(r)] {
		dropLogin(r)
	}
	p.mu.Unlock()
	for name, values := range r.Header {
		if name != "Accept-Encoding" && name != "Connection" && name != "Content-Length" {
			req.Header[name] = values
		}
	}
	resp, err := p.client.Do(req) //nolint:gosec // Always to our own server.
	if err != nil {
		return answer{}, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return answer{}, err
	}
	got := answer{body: body, header: resp.Header, status: resp.StatusCode}
	for _, name := range []string{"Connection", "Content-Length", "Date", "Keep-Alive", "Transfer-Encoding"} {
		got.header.Del(name)
	}
	p.remember(raw, got)
	return got, nil
}

// remember keeps answers for StaleRead.
func (p *Proxy) remember(raw []byte, got answer) {
	var req request
	if json.Unmarshal(raw, &req) != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch req.step() {
	case OnWrite:
		p.changes++
	case OnRead:
		p.answers[string(raw)] = remembered{answer: got, changes: p.changes}
	default:
	}
}

// stale returns what a read was answered before the last change, or nil.
func (p *Proxy) stale(raw []byte) *answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	last, ok := p.answers[string(raw)]
	if !ok || last.changes == p.changes {
		return nil
	}
	return &last.answer
}

// expire ends the session of a request: from now on it is sent on without one.
// Logging out would do more, as Vendure then ends every session of the same
// administrator, those of other tests too.
func (p *Proxy) expire(r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if login := loginOf(r); login != "" {
		p.expired[login] = true
	}
}

// loginOf is what a request is made with: a token or a key, or "".
func loginOf(r *http.Request) string {
	return r.Header.Get("Authorization") + r.Header.Get(keyHeader)
}

// dropLogin makes a request one of nobody.
func dropLogin(r *http.Request) {
	r.Header.Del("Authorization")
	r.Header.Del(keyHeader)
}
