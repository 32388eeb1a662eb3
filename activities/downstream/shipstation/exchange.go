package shipstation

import (
	"context"
	"net/http"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// Paths of the API, below the base URL, and the routes that have placeholders.
const (
	routeCreateOrder = "/orders/createorder"
	routeMarkShipped = "/orders/markasshipped"
	routeOrder       = "/orders/{id}"
	routeOrders      = "/orders"
	routeStore       = "/stores/{id}"
	routeStores      = "/stores/"
	routeTags        = "/accounts/listtags"
)

const adviseQuota = "wait; if it happens often, ask ShipStation for more requests a minute or give other programs an API key of their own"

// advice is what people can do about failures of ShipStation.
var advice = overhttp.Advice{
	Credentials: "give the channel a pair that Settings > Account > API Settings shows",
	Failure:     "try again; if it lasts, look at ShipStation's status page",
	Invalid:     "check the channel's carriers and look at the order in ShipStation; if both are right, report it",
	Permission:  "check the ShipStation plan and that the API is switched on in it",
	Wait:        adviseQuota,
}

// explain says what answers mean beyond what HTTP says. ShipStation documents
// 401, 404, 429 and 500. Its own words stay unsaid: they can quote an order.
func explain(c overhttp.Call, ans overhttp.Answer) (overhttp.Meaning, bool) {
	switch s := ans.Status; {
	case s == http.StatusPaymentRequired, s == http.StatusForbidden:
		return overhttp.Meaning{
			Kind: downstream.Forbidden, Detail: "the account may not use this part of the API", Advice: advice.Permission,
		}, true
	case s == http.StatusNotFound && c.Route == routeStore:
		return overhttp.Meaning{
			Kind: downstream.Misconfigured, Detail: "ShipStation has no store of this id", Advice: "correct the channel's store id",
		}, true
	case s == http.StatusConflict, s == http.StatusLocked:
		return overhttp.Meaning{Kind: downstream.InUse, Detail: "somebody else holds the order", Advice: "try again shortly"}, true
	default:
		return overhttp.Meaning{}, false
	}
}

// reserve keeps room for the requests of one call. It fails with RateLimited,
// and without a request, when there is none. A search is for changes that come
// after it: it leaves half of a window to them.
func (a *Adapter) reserve(ctx context.Context, c overhttp.Call, n int, search bool) (*room, error) {
	if err := ctx.Err(); err != nil {
		return nil, a.client.NoAnswer(ctx, c, err)
	}
	q := &a.account.quota
	wait, err := q.reserve(ctx, a.now, n, search)
	switch {
	case err != nil:
		return nil, a.client.NoAnswer(ctx, c, err)
	case wait > 0:
		return nil, a.usedUp(c, wait)
	default:
		return &room{quota: q, units: n}, nil
	}
}

// usedUp is the error of a request that is not made.
func (a *Adapter) usedUp(c overhttp.Call, wait time.Duration) error {
	e := a.client.Fail(c, downstream.RateLimited,
		"the requests that ShipStation allows this API key are used up for the moment", adviseQuota)
	e.RetryAfter = wait
	return e
}

// read makes a request and decodes its success; any other answer is an error.
func (a *Adapter) read(ctx context.Context, r *room, c overhttp.Call, into any) error {
	ans, err := a.exchange(ctx, r, c)
	if err != nil {
		return err
	}
	return a.client.Decode(ctx, c, ans, into)
}

// exchange sends one request and reads its answer, whatever its status. It
// fails when there is no answer, and when there is no room for the request.
func (a *Adapter) exchange(ctx context.Context, r *room, c overhttp.Call) (overhttp.Answer, error) {
	if r.units == 0 {
		more, err := a.reserve(ctx, c, 1, false)
		if err != nil {
			return overhttp.Answer{}, err
		}
		r.units = more.units
	}
	if wait := r.quota.spend(a.now()); wait > 0 {
		return overhttp.Answer{}, a.usedUp(c, wait)
	}
	r.units--
	ans, err := a.client.Do(ctx, c)
	if err != nil {
		r.quota.unanswered()
		return overhttp.Answer{}, err
	}
	if wait := r.quota.answered(a.now(), ans.Status, ans.Header); wait > 0 {
		ans.RetryAfter = wait
	}
	return ans, nil
}
