package bigcommercetest

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Answer is how an API call goes wrong. The zero Answer changes nothing. The
// functions beside it make the usual ones.
type Answer struct {
	// Body is sent as it is when Status is not zero.
	Body string
	// CallFirst lets the store do what the call asks before the answer is
	// replaced, delayed or cut: the call worked and only its answer is lost.
	CallFirst bool
	// Cut closes the connection without an answer.
	Cut bool
	// Delay is how long the answer takes, in real time. A client that gives up
	// earlier gets nothing and, without CallFirst, its call is not made.
	Delay time.Duration
	// Half sends the first half of the answer and cuts the connection.
	Half bool
	// Header is added to the answer's, over what the store would have set.
	Header http.Header
	// NoRateHeaders takes the rate headers away.
	NoRateHeaders bool
	// Status replaces the store's answer; zero keeps it.
	Status int
}

// CutOff closes the connection without an answer and without making the call.
func CutOff() Answer { return Answer{Cut: true} }

// Failure answers with an error status such as 500, 503 or 403, in the shape of
// the API version that was called.
func Failure(status int) Answer { return Answer{Status: status} }

// Garbage answers 200 with a page of HTML, as a proxy in between would.
func Garbage() Answer {
	return Answer{
		Status: http.StatusOK,
		Header: http.Header{"Content-Type": {"text/html"}},
		Body:   "<!DOCTYPE html><html><head><title>One moment</title></head><body>{</body></html>",
	}
}

// HalfAnswer makes the call and cuts the connection in the middle of its answer.
func HalfAnswer() Answer { return Answer{Half: true} }

// LateAnswer makes the call at once and answers late by d of real time: too late,
// perhaps, for a client whose time-out does not mean that nothing happened.
func LateAnswer(d time.Duration) Answer { return Answer{Delay: d, CallFirst: true} }

// LostAnswer makes the call and then answers with status, as when the platform
// fails after it has saved.
func LostAnswer(status int) Answer { return Answer{Status: status, CallFirst: true} }

// Overloaded answers 429 without any rate header, which is how BigCommerce
// documents that the platform, not the app, has had too much.
func Overloaded() Answer {
	return Answer{Status: http.StatusTooManyRequests, NoRateHeaders: true}
}

// RateLimited answers 429 with the rate headers and with X-Retry-After, which
// counts seconds; after is rounded up to one.
func RateLimited(after time.Duration) Answer {
	seconds := (after + time.Second - 1) / time.Second
	return Answer{Status: http.StatusTooManyRequests, Header: http.Header{
		"X-Retry-After":              {strconv.FormatInt(int64(seconds), 10)},
		"X-Rate-Limit-Requests-Left": {"0"},
		"X-Rate-Limit-Time-Reset-Ms": {strconv.FormatInt(after.Milliseconds(), 10)},
	}}
}

// Slow makes the call only after d of real time and answers as usual.
func Slow(d time.Duration) Answer { return Answer{Delay: d} }

type apiFault struct {
	Answer

	left   int // calls that it still spoils; negative: all
	method string
	path   string
}

// FailNext spoils the next n API calls whose method is method and whose path
// (with its query) contains path; both may be empty to match any. A negative n
// spoils them until [Faults.ClearAPI]. Faults that were set first come first,
// and a call suffers one of them.
func (f *Faults) FailNext(n int, method, path string, a Answer) {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	f.api = append(f.api, &apiFault{Answer: a, left: n, method: method, path: path})
}

// ClearAPI ends all faults that FailNext set.
func (f *Faults) ClearAPI() {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	f.api = nil
}

// takeAPIFault returns the fault that r suffers, or nil.
func (s *Store) takeAPIFault(r *http.Request) *apiFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults.api {
		if f.left == 0 || f.method != "" && f.method != r.Method || !strings.Contains(r.URL.RequestURI(), f.path) {
			continue
		}
		if f.left > 0 {
			f.left--
		}
		return f
	}
	return nil
}

// wait takes the time that the answer takes, if it takes it now, before or after
// the call. It reports whether anybody still wants the answer.
func (f *apiFault) wait(ctx context.Context, afterCall bool) bool {
	if f == nil || f.Delay <= 0 || f.CallFirst != afterCall {
		return true
	}
	timer := time.NewTimer(f.Delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// prevents reports whether the call never reaches the store.
func (f *apiFault) prevents() bool {
	return f != nil && (f.replaces() || f.Cut) && !f.CallFirst
}

func (f *apiFault) replaces() bool { return f.Status != 0 }

// spoil changes the finished answer p. A nil fault changes nothing.
func (f *apiFault) spoil(p *reply, r *http.Request) {
	if f == nil {
		return
	}
	if f.replaces() {
		if f.Body != "" {
			p.set(answer{status: f.Status})
			p.out.WriteString(f.Body)
		} else {
			p.set(problem(r, f.Status, http.StatusText(f.Status)))
		}
	}
	if f.NoRateHeaders {
		for name := range p.header {
			if strings.HasPrefix(name, "X-Rate-Limit-") || name == "X-Retry-After" {
				p.header.Del(name)
			}
		}
	}
	for name, values := range f.Header {
		p.header[http.CanonicalHeaderKey(name)] = values
	}
}
