// Package spans says what the spans of a trace tell of channels, orders and
// calls, and records the calls that leave the process.
//
// Spans may be kept by a service of others. They name channels, orders, fixed
// words and status codes: no customer, no body, no query, no header, no message
// of an error, and no address beyond the host.
package spans

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
)

// Scope is the name of the instrumentation of all spans.
const Scope = "github.com/orderbridge/orderbridge"

// The attributes that are ours.
const (
	// KeyCall is what a call to the outside is called, for example "get_order".
	KeyCall = attribute.Key("orderbridge.call")
	// KeyChannel is the id of a sales channel.
	KeyChannel = attribute.Key("orderbridge.channel")
	// KeyOrder is the number of an order, which is the same in BigCommerce and
	// downstream.
	KeyOrder = attribute.Key("orderbridge.order")
	// KeyResult is what became of a callback, as its metric has it.
	KeyResult = attribute.Key("orderbridge.result")
	// KeyScope is the scope of a callback.
	KeyScope = attribute.Key("orderbridge.scope")
)

// Order returns the attributes of one order of a channel. An order of 0 is none.
func Order(channel string, order int64) []attribute.KeyValue {
	attributes := []attribute.KeyValue{KeyChannel.String(channel)}
	if order != 0 {
		attributes = append(attributes, KeyOrder.String(strconv.FormatInt(order, 10)))
	}
	return attributes
}

// ErrorType returns what a span says of an error: a word or the name of a type,
// never its message.
func ErrorType(err error) string {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	default:
		return fmt.Sprintf("%T", err)
	}
}
