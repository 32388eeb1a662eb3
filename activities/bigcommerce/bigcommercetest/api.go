package bigcommercetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// maxRequestBody bounds what the API reads of a request: chosen.
const maxRequestBody = 1 << 20

// request is an API call that came with a good token. Handlers run with
// Store.mu held.
type request struct {
	*http.Request

	account *Account
	body    []byte
	now     time.Time
}

// id returns the number in the path's {name} and false when it is none.
func (r *request) id(name string) (int64, bool) {
	id, err := strconv.ParseInt(r.PathValue(name), 10, 64)
	return id, err == nil
}

// answer is what a handler returns: body becomes JSON, nil no body at all.
type answer struct {
	status int
	body   any
}

// reply collects an answer before it is sent, so that a fault can spoil it. It
// is the http.ResponseWriter of the routes.
type reply struct {
	account *Account
	body    []byte // of the request
	header  http.Header
	now     time.Time
	out     bytes.Buffer
	status  int
}

func (p *reply) Header() http.Header         { return p.header }
func (p *reply) Write(b []byte) (int, error) { return p.out.Write(b) }
func (p *reply) WriteHeader(status int)      { p.status = status }

func (p *reply) set(a answer) {
	p.status = a.status
	p.out.Reset()
	if a.body == nil {
		return
	}
	body, err := json.Marshal(a.body)
	if err != nil { // the wire types of this package always marshal
		p.status, body = http.StatusInternalServerError, []byte(err.Error())
	}
	p.header.Set("Content-Type", "application/json")
	p.out.Write(body)
}

// serveHTTP is the whole API: it counts the call, lets a fault have its way, and
// sends what the routes answer.
func (s *Store) serveHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		http.Error(w, "the store is closed", http.StatusServiceUnavailable)
		return
	}
	defer s.running.Done()

	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequestBody))
	if err != nil {
		s.badBody(w, err)
		return
	}
	fault := s.takeAPIFault(r)
	if !fault.wait(r.Context(), false) {
		panic(http.ErrAbortHandler) // the client gave up or the store closes
	}
	p := s.serve(r, body, fault)
	s.logCall(r, p)
	if !fault.wait(r.Context(), true) || fault != nil && fault.Cut {
		panic(http.ErrAbortHandler)
	}
	send(w, p, fault)
}

// enter counts a call among what Close waits for, unless the store is closed.
func (s *Store) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.running.Add(1)
	return true
}

func (s *Store) badBody(w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		status = http.StatusRequestEntityTooLarge
	}
	http.Error(w, http.StatusText(status), status)
}

// serve answers a call, with the store locked throughout: a call sees and leaves
// the store in one piece.
func (s *Store) serve(r *http.Request, body []byte, fault *apiFault) *reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	p := &reply{body: body, header: http.Header{}, now: now, status: http.StatusOK}
	enough := s.quota.take(now, 1)
	p.account = s.accountOfTokenLocked(r.Header.Get("X-Auth-Token"))
	switch {
	case fault.prevents():
		// The call never reaches the store.
	case !enough:
		p.header.Set("X-Retry-After", s.quota.retryAfter(now))
		p.set(problem(r, http.StatusTooManyRequests, "The request quota of this store is used up."))
	default:
		s.routes.ServeHTTP(p, r)
	}
	p.header.Set("Date", now.Format(http.TimeFormat))
	s.quota.describe(p.header, now)
	fault.spoil(p, r)
	s.calls = record(s.calls, newCall(r, p))
	return p
}

func (s *Store) logCall(r *http.Request, p *reply) {
	s.logger.DebugContext(r.Context(), "API call",
		slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", p.status))
}

// send writes the collected answer. The Date header is the store's time.
func send(w http.ResponseWriter, p *reply, fault *apiFault) {
	maps.Copy(w.Header(), p.header)
	body := p.out.Bytes()
	if len(body) > 0 {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	if fault == nil || !fault.Half {
		w.WriteHeader(p.status)
		_, _ = w.Write(body) //nolint:gosec // JSON for a test; a client that went away loses it.
		return
	}
	// Half of an answer that declares all of itself, then the connection goes.
	w.Header().Set("Content-Length", strconv.Itoa(max(2, len(body))))
	w.WriteHeader(p.status)
	_, _ = w.Write(body[:len(body)/2]) //nolint:gosec // The same.
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// Call is one request that the API got.
type Call struct {
	At       time.Time
	ClientID string // of the token, or empty
	Method   string
	Path     string // after /stores/{hash}, for example /v2/orders/218
	Query    string // as sent, without the question mark
	Status   int    // of the answer
}

// Calls returns every API call, oldest first.
func (s *Store) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}

func newCall(r *http.Request, p *reply) Call {
	c := Call{At: p.now, Method: r.Method, Path: apiPath(r), Query: r.URL.RawQuery, Status: p.status}
	if p.account != nil {
		c.ClientID = p.account.ClientID
	}
	return c
}
