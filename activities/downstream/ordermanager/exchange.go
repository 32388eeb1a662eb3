package ordermanager

import (
	"context"
	"net/http"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// advice is what people can do about failures of Order Manager.
var advice = overhttp.Advice{
	Credentials: "make a new token in Order Manager and give it to the channel",
	Failure:     "try again; if it lasts, ask Extensiv",
	Invalid:     "check the channel's sales channel id; if it is right, report this",
	Wait:        "wait; if it lasts, lower the channel's requests per second, or find out what else uses the token",
}

// explain says what answers mean beyond what HTTP says. Their text is not looked
// at: it is not published what it can say.
func explain(c overhttp.Call, ans overhttp.Answer) (overhttp.Meaning, bool) {
	switch s := ans.Status; {
	case s == http.StatusForbidden && c.Route == routeCancel:
		return overhttp.Meaning{Detail: "the token may not cancel orders", Advice: "let the token's app cancel orders"}, true
	case s == http.StatusForbidden && c.Route == routeShip:
		return overhttp.Meaning{Detail: "the token may not create shipments", Advice: "let the token's app create shipments"}, true
	case s == http.StatusForbidden:
		return overhttp.Meaning{
			Detail: "the token may not read orders", Advice: "let the token's app read orders, cancel them and create shipments",
		}, true
	case s == http.StatusNotFound && (c.Route == routeCancel || c.Route == routeShip):
		return overhttp.Meaning{
			Kind: downstream.NotFound, Detail: "the order is gone", Advice: "find the order by its number again",
		}, true
	default:
		return overhttp.Meaning{}, false
	}
}

// aboutOrder reports whether an answer may say something about the order's
// state: it is a 4xx that is not about credentials, time or quotas.
func aboutOrder(ans overhttp.Answer) bool {
	switch ans.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusProxyAuthRequired,
		http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	default:
		return ans.Status >= http.StatusBadRequest && ans.Status < http.StatusInternalServerError
	}
}

// refusedParcels is overhttp.Config.Refused.
func refusedParcels(c overhttp.Call, ans overhttp.Answer) int {
	if c.Route != routeShip {
		return 0
	}
	n, _ := refusals(ans.Body)
	return n
}

// take takes the turns for the requests of one call. It fails with RateLimited,
// and without a request, when the last of them would come too late.
func (a *Adapter) take(ctx context.Context, c overhttp.Call, n int) (*turns, error) {
	if err := ctx.Err(); err != nil {
		return nil, a.client.NoAnswer(ctx, c, err)
	}
	taken, again := a.account.queue.take(ctx, n, a.distance)
	if taken != nil {
		return taken, nil
	}
	e := a.client.Fail(c, downstream.RateLimited, "this process has used up its own limit for the token; nothing was sent",
		"wait; if it lasts, raise the channel's requests per second, should Extensiv allow it")
	e.RetryAfter = again
	return nil, e
}

// read makes a request and decodes its success; any other answer is an error.
func (a *Adapter) read(ctx context.Context, t *turns, c overhttp.Call, into any) error {
	ans, err := a.exchange(ctx, t, c)
	if err != nil {
		return err
	}
	return a.client.Decode(ctx, c, ans, into)
}

// exchange sends one request when its turn has come and reads its answer,
// whatever its status. It fails when there is no answer, and when it needs a
// turn beyond those that were taken and gets none.
func (a *Adapter) exchange(ctx context.Context, t *turns, c overhttp.Call) (overhttp.Answer, error) {
	if t.left == 0 {
		more, err := a.take(ctx, c, 1)
		if err != nil {
			return overhttp.Answer{}, err
		}
		defer more.giveBack()
		t = more
	}
	if err := t.wait(ctx); err != nil {
		return overhttp.Answer{}, a.client.NoAnswer(ctx, c, err)
	}
	return a.client.Do(ctx, c)
}
