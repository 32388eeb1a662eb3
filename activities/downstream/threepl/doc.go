// Package threepl is the adapter for Extensiv 3PL Warehouse Manager, formerly
// 3PL Central: the system in which a warehouse ships for its customers.
//
// # Options
//
// The fields of Config are the options of a channel:
//
//   - BaseURL: the API's address. Default https://secure-wms.com.
//   - ClientID, ClientSecret: what the warehouse hands out under REST API
//     access. Both required; both are secrets.
//   - UserLogin: the login under which the warehouse sees what was done; it
//     comes with the credentials. Required.
//   - TPL: the warehouse's GUID. Only dynamic credentials need it. Default
//     none.
//   - CustomerID: the number of the merchant among the warehouse's customers.
//     Required: a warehouse's order numbers are unique for one customer at
//     most.
//   - FacilityID: the number of one of the warehouse's facilities, if only its
//     orders are meant. Default 0, which is all facilities.
//   - RecalculateCharges: lets a fulfillment compute the automatic charges
//     anew. Default false.
//   - Timeout: the limit of one HTTP request. Default 10 s.
//
// # Roles
//
// The credentials need OrderView to find orders, OrderWrite to cancel them,
// and OrderConfirm to fulfill them. An answer that a role is missing names the
// role that the call needed. It is told apart from an operation that the
// order's state forbids, although both come as 403.
//
// # Statuses
//
// The API knows Open, Closed and Canceled. Open is split by what else the
// order says, because it matters whether somebody is already packing; the most
// advanced of them counts. See Statuses. None is of phase unprocessed: an order
// that has arrived can be cancelled at once. One that has not arrived is not
// found, for which the workflows wait.
//
// # What can be relied on
//
// Each order has an ETag, which is Order.Version, and a change is made with
// If-Match. There are no idempotency keys, so a change begins by reading the
// order: a repetition finds what the first attempt has done.
//
// The API ignores query parameters that it does not know, compares texts
// without regard to case, and takes an asterisk for a wildcard. Each order of an
// answer is therefore compared here: its reference number, its customer and, if
// one is set, its facility.
//
// A confirmation holds one tracking number, so the first that BigCommerce has
// is sent. It is dated by the warehouse's own clock: a date of ours could lie in
// its future or before the day up to which its books are closed.
package threepl
