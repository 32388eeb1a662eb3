package bigcommercetest

import (
	"net/http"
	"strconv"
	"time"
)

// quotaWindow is documented: quotas count over 30 seconds.
const quotaWindow = 30 * time.Second

// quota counts the requests of all apps in the present window. Store.mu guards it.
type quota struct {
	perWindow int
	left      int
	resetAt   time.Time
}

// refresh opens a new window when the last one is over. Windows are fixed and
// the first begins with the first request: chosen.
func (q *quota) refresh(now time.Time) {
	if now.Before(q.resetAt) {
		return
	}
	q.left = q.perWindow
	q.resetAt = now.Add(quotaWindow)
}

// take spends n requests and reports whether there were that many.
func (q *quota) take(now time.Time, n int) bool {
	q.refresh(now)
	enough := q.left >= n
	q.left = max(0, q.left-n)
	return enough
}

// resize changes the quota and keeps what was spent of it.
func (q *quota) resize(now time.Time, n int) {
	q.refresh(now)
	spent := q.perWindow - q.left
	q.perWindow = n
	q.left = max(0, n-spent)
}

// describe sets the rate headers that BigCommerce documents for every response.
func (q *quota) describe(h http.Header, now time.Time) {
	h.Set("X-Rate-Limit-Time-Window-Ms", strconv.FormatInt(quotaWindow.Milliseconds(), 10))
	h.Set("X-Rate-Limit-Time-Reset-Ms", strconv.FormatInt(q.resetAt.Sub(now).Milliseconds(), 10))
	h.Set("X-Rate-Limit-Requests-Quota", strconv.Itoa(q.perWindow))
	h.Set("X-Rate-Limit-Requests-Left", strconv.Itoa(q.left))
}

// retryAfter returns the whole seconds until the window ends, at least 1.
func (q *quota) retryAfter(now time.Time) string {
	seconds := (q.resetAt.Sub(now) + time.Second - 1) / time.Second
	return strconv.FormatInt(int64(max(1, seconds)), 10)
}

// QuotaLeft returns how many requests the present window still takes.
func (s *Store) QuotaLeft() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quota.refresh(s.clock.Now())
	return s.quota.left
}

// SetQuota changes how many requests the store takes in 30 seconds, now and in
// later windows, as when the plan or the number of apps changes. What was spent
// in the present window stays spent.
func (f *Faults) SetQuota(perWindow int) {
	s := f.store
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quota.resize(s.clock.Now(), perWindow)
}

// SpendQuota makes other apps of the store spend n requests of the present
// window: the quota is shared by all of them.
func (f *Faults) SpendQuota(n int) {
	s := f.store
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quota.take(s.clock.Now(), n)
}
