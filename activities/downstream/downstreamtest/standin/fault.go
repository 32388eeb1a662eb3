package standin

import (
	"net/http"
	"slices"
	"sync"
)

// Trouble is what goes wrong with a call. Stand-ins add their own.
type Trouble string

// The troubles that Suffer knows.
const (
	// Drop closes the connection without an answer.
	Drop Trouble = "drop"
	// HalfAnswer announces the whole answer, sends half of it and closes the
	// connection.
	HalfAnswer Trouble = "half answer"
	// Hang answers nothing until the client gives up.
	Hang Trouble = "hang"
	// Late answers what it should, when the faults are cleared. Stand-ins that
	// have it wait for Queue.Cleared.
	Late Trouble = "late"
	// WrongContentType answers what it should, as text/html.
	WrongContentType Trouble = "wrong content type"
)

// Suffer answers a call with a trouble. answer is what would be sent without it.
// It reports false for a trouble that it does not know.
func (s *Server) Suffer(w http.ResponseWriter, r *http.Request, trouble Trouble, answer Answer) bool {
	switch trouble {
	case Drop:
		panic(http.ErrAbortHandler)
	case Hang:
		s.hang(r)
		panic(http.ErrAbortHandler)
	case HalfAnswer:
		answer.half(w)
	case WrongContentType:
		answer.With("Content-Type", "text/html; charset=utf-8").Send(w)
	default:
		return false
	}
	return true
}

// Queue holds armed faults of type F. The zero Queue is empty and ready for use.
type Queue[F any] struct {
	mu    sync.Mutex
	armed []*armed[F]
	until chan struct{} // closed by Clear; nil if nothing was armed since
}

type armed[F any] struct {
	fault F
	hit   chan struct{}
	seen  bool
	times int
}

// Arm lets a fault concern the next calls that it matches: as many as times
// says, or all until Clear if that is below 0. The channel is closed when it
// first applies.
func (q *Queue[F]) Arm(fault F, times int) <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	a := &armed[F]{fault: fault, hit: make(chan struct{}), times: times}
	q.armed = append(q.armed, a)
	if q.until == nil {
		q.until = make(chan struct{})
	}
	return a.hit
}

// Take returns the fault that was armed first of those that match, and a
// function that says that it has applied. Without a fault both are nil.
func (q *Queue[F]) Take(matches func(F) bool) (fault *F, applied func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.IndexFunc(q.armed, func(a *armed[F]) bool { return matches(a.fault) })
	if i < 0 {
		return nil, nil
	}
	a := q.armed[i]
	first := !a.seen
	a.seen = true
	if a.times > 0 {
		if a.times--; a.times == 0 {
			q.armed = slices.Delete(q.armed, i, i+1)
		}
	}
	taken := a.fault
	return &taken, func() {
		if first {
			close(a.hit)
		}
	}
}

// Clear forgets all faults.
func (q *Queue[F]) Clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.armed = nil
	if q.until != nil {
		close(q.until)
		q.until = nil
	}
}

// Cleared returns what Clear closes. It is closed already if no fault was armed
// since.
func (q *Queue[F]) Cleared() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.until != nil {
		return q.until
	}
	cleared := make(chan struct{})
	close(cleared)
	return cleared
}
