// Package subscriptions makes the hooks of a sales channel in its BigCommerce
// store what the settings of the channel want: it compares, names what is wrong,
// mends it, and reports.
//
// Three rules stand above all: a hook that is not the channel's is never
// touched; a hook that may work is never deleted before another one works in its
// place; and when everything is right, nothing is written.
package subscriptions
