// Package vendure is the adapter for Vendure, over its Admin API, which is
// GraphQL. What is called measured here was measured with Vendure 3.7.3.
//
// # Options
//
//   - BaseURL: the address of the Admin API, for example
//     https://shop.example.com/admin-api. Required.
//   - Username and Password: an administrator of Vendure, by e-mail address. Or
//     APIKey: a key of Vendure 3.6 or newer. One of the two is required; password
//     and key are secrets.
//   - Field: the custom field of orders that holds the channel order number,
//     default channelOrderNumber. It must be of type string. Or code, which is
//     Vendure's own order code.
//   - ChannelToken: the token of one of Vendure's own channels. Default: the
//     default channel.
//   - FulfillmentHandler: what makes fulfillments, default manual-fulfillment.
//
// # Permissions
//
// The role needs ReadOrder and UpdateOrder, and nothing else (measured). The
// server must accept tokens or keys: authOptions.tokenMethod must have "bearer"
// for a password, which is not its default, or "api-key" for a key.
//
// # Statuses
//
// They are the states of Vendure's default order process:
//
//   - Created, Draft, AddingItems, ArrangingPayment: unprocessed, for nobody has
//     placed the order yet. Vendure would cancel it, and even ship it (measured).
//   - Modifying, ArrangingAdditionalPayment: unprocessed, for somebody is at work
//     on the order and it comes back to one of the other states.
//   - PaymentAuthorized: open. It can be cancelled, but to fulfill it is refused:
//     Vendure has no way from there to Shipped until the payment is settled.
//   - PaymentSettled: open.
//   - PartiallyShipped: open. To fulfill it ships the rest. To cancel it cancels
//     all of it, what was shipped included, so few merchants select it for that.
//   - PartiallyDelivered: open, and as PartiallyShipped to cancel. To fulfill it
//     is refused: from there Vendure only goes on to Delivered.
//   - Shipped, Delivered: fulfilled. Vendure would cancel such an order if asked
//     (measured); this adapter does not ask.
//   - Cancelled: cancelled. An order that is cancelled here is not refunded, and
//     its authorized payment is not released: BigCommerce, where the customer has
//     paid, deals with the money.
//
// An order in a state that a shop has added to the process is an error, so that
// nobody guesses what the state means.
//
// # Fulfillments
//
// To fulfill takes two requests: one makes a fulfillment of everything that is
// not in one yet, the other makes it Shipped. What a crash leaves in between is
// a fulfillment in state Pending, and it is shipped by whoever finds it, if it has
// the tracking code that the request would give it. A fulfillment with any other
// code that is not shipped yet is being prepared by somebody else: the order is
// in use until they have shipped or cancelled it. Cancelling does not wait for
// them: Vendure takes the stock of a Pending fulfillment back with the order.
//
// A fulfillment has one tracking code. Several numbers are joined with a comma
// and a space, as many as fit into 255 characters, because which parcel holds
// which line is not known. The carrier becomes its method. Vendure has no place
// for the day of the shipment.
//
// # Versions
//
// Vendure has none. Order.Version is made of the order's state, how often that
// has changed, its lines, its fulfillments and the time of its last update. The
// time alone would not do: it is in whole seconds and stays the same when the
// order becomes Shipped (measured). Pending fulfillments do not count, so that a
// repetition after a crash is not taken for a conflict.
//
// The version is compared right before the write, and changes of one order by
// one adapter wait for each other. What remains is the moment between that read
// and the write, since Vendure has no conditional write:
//
//   - An order that a person, or another process, ships in that moment is
//     cancelled all the same, for Vendure does not mind (measured). It is then
//     Cancelled while its fulfillment is Shipped.
//   - An order that somebody cancels in that moment is not fulfilled: Vendure
//     finds nothing to put into a fulfillment. One that is cancelled between the
//     two requests stays Cancelled, with a fulfillment that is Shipped. Both are
//     reported as a conflict.
//   - Where two ship or cancel the same order, Vendure lets one of them through.
package vendure
