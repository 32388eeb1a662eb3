package spans

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// Call is one HTTP request to the outside, as its span has it.
type Call struct {
	// Name is what the call is called, from a closed list.
	Name string
	// Route is the path with placeholders, for example "/orders/{id}": the path
	// itself does not appear.
	Route string
	// Channel is the id of the sales channel.
	Channel string
	// Order is the number of the order that it is about; "" for none.
	Order string
}

type callKey struct{}

// WithCall returns a context whose request is traced as this call.
func WithCall(ctx context.Context, call Call) context.Context {
	return context.WithValue(ctx, callKey{}, call)
}

// callOf returns the call of a request. One that nobody named has no name.
func callOf(ctx context.Context) Call {
	call, _ := ctx.Value(callKey{}).(Call)
	return call
}

// name returns the name of the span: method and route, or the method alone.
func (c Call) name(method string) string {
	if c.Route == "" {
		return method
	}
	return method + " " + c.Route
}

// attributes returns what is known before there is an answer.
func (c Call) attributes(r *http.Request) []attribute.KeyValue {
	attributes := []attribute.KeyValue{
		semconv.HTTPRequestMethodKey.String(r.Method), semconv.ServerAddress(r.URL.Hostname()),
	}
	for _, one := range []attribute.KeyValue{
		semconv.URLTemplate(c.Route), KeyCall.String(c.Name), KeyChannel.String(c.Channel), KeyOrder.String(c.Order),
	} {
		if one.Value.AsString() != "" {
			attributes = append(attributes, one)
		}
	}
	return attributes
}
