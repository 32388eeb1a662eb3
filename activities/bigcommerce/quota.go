package bigcommerce

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Quota remembers what the newest answer said about a store's request quota, so
// that no request is sent that can only be refused. BigCommerce documents
// windows of 30 seconds and a quota that all apps of the store share, so what
// is left shrinks without our doing, and may grow.
//
// A Quota is safe for concurrent use. It allows every request until an answer
// tells of a quota.
type Quota struct {
	reserve int

	mu           sync.Mutex
	known        bool
	limit        int
	left         int
	window       time.Duration
	resetAt      time.Time
	blockedUntil time.Time
	inFlight     int
}

// QuotaState is a copy of what a Quota knows.
type QuotaState struct {
	// Known is false until an answer told of a quota and of its window's end.
	Known bool
	// Limit is how many requests the store allows in a window.
	Limit int
	// Left is how many of them remained after the newest answer. In a new
	// window it is Limit until the first answer.
	Left int
	// Window is the length of a window.
	Window time.Duration
	// ResetAt is when the window ends.
	ResetAt time.Time
	// InFlight is how many requests were sent and not answered yet.
	InFlight int
}

// NewQuota returns a Quota of which nothing is known yet. The last reserve
// requests of a window are left to the store's other apps; 0 leaves none. A
// reserve as large as the store's whole quota still leaves one request a window.
func NewQuota(reserve int) *Quota { return &Quota{reserve: max(reserve, 0)} }

// State returns what is known now.
func (q *Quota) State() QuotaState {
	q.mu.Lock()
	defer q.mu.Unlock()
	return QuotaState{
		Known: q.known, Limit: q.limit, Left: q.left, Window: q.window, ResetAt: q.resetAt, InFlight: q.inFlight,
	}
}

// admit takes a place for one request, which the caller gives back with settle.
// When the quota is used up it takes none and returns how long to wait.
func (q *Quota) admit(now time.Time) (wait time.Duration, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if now.Before(q.blockedUntil) {
		return q.blockedUntil.Sub(now), false
	}
	if q.known && !now.Before(q.resetAt) {
		q.nextWindow(now)
	}
	reserve := min(q.reserve, max(q.limit-1, 0))
	// Requests under way may not be counted in the newest answer.
	if q.known && q.left-q.inFlight <= reserve {
		return q.resetAt.Sub(now), false
	}
	q.inFlight++
	return 0, true
}

// nextWindow assumes that the new window grants as much as the last one did, so
// that everyone who waited for it does not go at once. The first answer corrects
// it.
func (q *Quota) nextWindow(now time.Time) {
	if q.limit <= 0 || q.window <= 0 {
		q.known = false
		return
	}
	q.left = q.limit
	q.resetAt = now.Add(q.window)
}

// settle gives back the place of a request that was answered with these rates,
// or with none.
func (q *Quota) settle(now time.Time, status int, rates rates) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.inFlight--
	if status == http.StatusTooManyRequests {
		if until := now.Add(rates.wait()); until.After(q.blockedUntil) {
			q.blockedUntil = until
		}
	}
	if !rates.hasLeft {
		return
	}
	q.left = rates.left
	if rates.limit > 0 {
		q.limit = rates.limit
	}
	if rates.window > 0 {
		q.window = rates.window
	}
	// Without an end of the window there is no telling when left is void.
	q.known = rates.reset > 0
	q.resetAt = now.Add(rates.reset)
}

// maxWait bounds every duration that an answer asks for: a mistake of the other
// side must not stop a store for days. Documented windows last 30 seconds.
const maxWait = time.Hour

// rates is what one answer says about the quota.
type rates struct {
	present    bool // any of the headers, even an unreadable one
	hasLeft    bool
	left       int
	limit      int
	window     time.Duration
	reset      time.Duration
	retryAfter time.Duration
}

// parseRates reads the rate headers, which http.Header matches in any case.
func parseRates(header http.Header) rates {
	var r rates
	for name := range header {
		if strings.HasPrefix(name, "X-Rate-Limit-") || name == "X-Retry-After" {
			r.present = true
		}
	}
	if left := parseInteger(header.Get("X-Rate-Limit-Requests-Left")); left.ok {
		r.hasLeft, r.left = true, left.count()
	}
	r.limit = parseInteger(header.Get("X-Rate-Limit-Requests-Quota")).count()
	r.window = headerDuration(header, "X-Rate-Limit-Time-Window-Ms", time.Millisecond)
	r.reset = headerDuration(header, "X-Rate-Limit-Time-Reset-Ms", time.Millisecond)
	r.retryAfter = headerDuration(header, "X-Retry-After", time.Second)
	return r
}

// wait is the longer of the two waits that an answer can ask for.
func (r rates) wait() time.Duration { return max(r.retryAfter, r.reset) }

// quotaLeft is Call.QuotaLeft.
func (r rates) quotaLeft() int {
	if !r.hasLeft {
		return -1
	}
	return r.left
}

// headerDuration reads a header that counts units, bounded by maxWait; it is 0
// when the header is absent or makes no sense.
func headerDuration(header http.Header, name string, unit time.Duration) time.Duration {
	n, err := strconv.ParseFloat(strings.TrimSpace(header.Get(name)), 64)
	if err != nil || !(n > 0) { // Not n <= 0: NaN is neither.
		return 0
	}
	if n >= float64(maxWait/unit) {
		return maxWait
	}
	return time.Duration(n * float64(unit))
}
