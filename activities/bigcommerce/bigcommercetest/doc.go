// Package bigcommercetest is a BigCommerce store that runs in this process, as
// net/http/httptest is to net/http. Tests of Orderbridge and its development
// command run on it.
//
// It is a real HTTP server on loopback. It serves the part of the REST API that
// concerns webhooks, orders, their shipments and their metafields, calls the
// webhooks that were made through that API, and keeps the platform's rules:
// limits and isolation of hooks, signatures, retries over 48 hours, the switching
// off of hooks, blocked domains, and request quotas. In a test it takes three
// lines:
//
//	store := bigcommercetest.New(t, bigcommercetest.WithHTTPDestinations())
//	account := store.AddAccount("my app")
//	order := store.AddOrder(bigcommercetest.Order{StatusID: bigcommerce.StatusAwaitingFulfillment})
//
// The API is at store.URL + "/stores/" + store.Hash + "/v2" (or "/v3") and wants
// account.AccessToken in the header X-Auth-Token.
//
// # Time
//
// Everything in the store that has a date or a duration of a second and more
// runs on [Store.Clock]: dates, retries, the 90 days after which a quiet hook is
// switched off, blocks and quotas. The clock follows real time until a test
// moves it with [Clock.Advance] or [Store.Elapse], or stops it with
// [WithFrozenClock]. Time-outs of HTTP requests, slow answers and the
// milliseconds between duplicates are real time.
//
// # Mischief
//
// [Store.Faults] makes the store behave as badly as the platform at its worst:
// lost, late, duplicated and disordered webhooks, and API answers that are slow,
// cut, garbled, refused or of another type than documented.
//
// # What it rests on
//
// Comments say where a behavior comes from: "documents" means that BigCommerce
// says so, "measured" that it was observed on a live store, "chosen" that nobody
// documents it and this package picked something plausible. Code should not
// lean on what was chosen.
package bigcommercetest
