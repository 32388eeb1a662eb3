package bigcommercetest_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
)

// An app subscribes to changes of status, fails to take the first webhook, and
// gets it again a minute later.
func Example() {
	ctx := context.Background()
	calls := 0
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		body, _ := io.ReadAll(r.Body)
		fmt.Println(r.Header.Get("User-Agent"), string(body[max(0, bytes.Index(body, []byte(`"scope"`))):]))
		if calls == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer app.Close()

	store, err := bigcommercetest.Start(ctx,
		bigcommercetest.WithHTTPDestinations(), bigcommercetest.WithFrozenClock())
	if err != nil {
		log.Print(err)
		return
	}
	defer store.Close() //nolint:errcheck // The example ends here.
	account := store.AddAccount("example")
	order := store.AddOrder(bigcommercetest.Order{ID: 218, StatusID: bigcommerce.StatusAwaitingPayment})

	hook := fmt.Sprintf(`{"scope":"store/order/statusUpdated","destination":%q}`, app.URL)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost,
		store.URL+"/stores/"+store.Hash+"/v3/hooks", strings.NewReader(hook))
	if err != nil {
		log.Print(err)
		return
	}
	req.Header.Set("X-Auth-Token", account.AccessToken)
	res, err := app.Client().Do(req)
	if err != nil {
		log.Print(err)
		return
	}
	defer res.Body.Close() //nolint:errcheck // Not read.
	fmt.Println("subscribed:", res.StatusCode)

	if err := store.SetStatus(order.ID, bigcommerce.StatusCancelled); err != nil {
		log.Print(err)
	}
	if err := store.Elapse(ctx, time.Minute); err != nil {
		log.Print(err)
	}
	for _, d := range store.Deliveries() {
		fmt.Println("attempt", d.Attempt, "answered", d.Status)
	}

	// Output:
	// subscribed: 200
	// pekko-http/1.3.0 "scope":"store/order/statusUpdated","data":{"type":"order","id":218,"status":{"previous_status_id":7,"new_status_id":5}}}
	// pekko-http/1.3.0 "scope":"store/order/statusUpdated","data":{"type":"order","id":218,"status":{"previous_status_id":7,"new_status_id":5}}}
	// attempt 1 answered 503
	// attempt 2 answered 200
}
