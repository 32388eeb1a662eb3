package vendure

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

type variables map[string]any

// request is the body of a request.
type request struct {
	OperationName string    `json:"operationName"`
	Query         string    `json:"query"`
	Variables     variables `json:"variables"`
}

// operation makes the call of a document. Its operation stands in the address,
// where logs and metrics see it; Vendure does not look at it there.
func operation(name, order, document string, vars variables) overhttp.Call {
	_, rest, _ := strings.Cut(document, " ")
	end := strings.IndexFunc(rest, func(r rune) bool { return r == '(' || r == ' ' })
	c := overhttp.Call{
		Name: name, Order: order, Method: http.MethodPost, Route: "?operation=" + rest[:end],
		JSON: request{OperationName: rest[:end], Query: document, Variables: vars},
	}
	if strings.HasPrefix(document, "query ") {
		// Node ends idle connections after five seconds, sometimes while a
		// request is on its way. This has net/http send it again although it
		// is a POST; the header itself is not sent.
		c.Header = http.Header{"Idempotency-Key": nil}
	}
	return c
}

// ask sends an operation and decodes the data of its success.
func (a *Adapter) ask(ctx context.Context, c overhttp.Call, into any) error {
	ans, err := a.send(ctx, c)
	if err != nil {
		return err
	}
	var e struct {
		Data any `json:"data"`
	}
	e.Data = into
	if err := a.client.Decode(ctx, c, ans, &e); err != nil {
		return err
	}
	if e.Data == nil {
		return a.client.Malformed(c, "the answer has no data")
	}
	return nil
}

// mutate sends a mutation and returns what it made, or the error that it
// answered in place of it.
func (a *Adapter) mutate(ctx context.Context, c overhttp.Call) (result, error) {
	ans, err := a.send(ctx, c)
	if err != nil {
		return result{}, err
	}
	return a.result(ctx, c, ans)
}

// result reads the answer to a mutation.
func (a *Adapter) result(ctx context.Context, c overhttp.Call, ans overhttp.Answer) (result, error) {
	var e envelope
	if err := a.client.Decode(ctx, c, ans, &e); err != nil {
		r, _ := envelopeOf(ans).result()
		return r, err
	}
	r, ok := e.result()
	if !ok {
		return result{}, a.client.Malformed(c, "the answer has no result")
	}
	return r, nil
}

// send sends an operation with the credentials. Vendure says FORBIDDEN when a
// session has ended and when a permission is missing. Where it says so to a
// session that has just begun, it is the permission; of an API key, an operation
// tells that needs none.
func (a *Adapter) send(ctx context.Context, c overhttp.Call) (overhttp.Answer, error) {
	exchange := a.client.Do
	if a.tokens != nil {
		exchange = a.tokens.Do
	}
	ans, err := exchange(ctx, c)
	if err != nil || !forbidden(ans) {
		return ans, err
	}
	if a.tokens == nil {
		check := operation(c.Name+": see whether the API key is valid", c.Order, sessionQuery, nil)
		if _, err := a.client.Read(ctx, check, &envelope{}); err != nil {
			return overhttp.Answer{}, err
		}
	}
	return overhttp.Answer{}, a.client.FailAnswer(c, ans, overhttp.Meaning{
		Kind: downstream.Forbidden, Detail: "a permission is missing", Advice: advisePermission,
	})
}

// forbidden reports whether Vendure has answered FORBIDDEN.
func forbidden(ans overhttp.Answer) bool {
	return slices.ContainsFunc(envelopeOf(ans).Errors, func(e wireError) bool {
		return e.Extensions.Code == codeForbidden || e.Extensions.Code == codeUnauthorized
	})
}

// explain says what an answer means: whether Vendure does what it is asked stands
// inside of answers that HTTP takes for a success.
func (a *Adapter) explain(_ overhttp.Call, ans overhttp.Answer) (overhttp.Meaning, bool) {
	if ans.Status == http.StatusNotFound {
		return overhttp.Meaning{
			Kind: downstream.Misconfigured, Detail: "there is no GraphQL API at the base URL",
			Advice: "set the base URL to that of Vendure's Admin API, which ends in /admin-api as a rule",
		}, true
	}
	e := envelopeOf(ans)
	if len(e.Errors) > 0 {
		return a.errorMeaning(ans, e.Errors)
	}
	if r, ok := e.result(); ok && ans.OK() && r.ErrorCode != "" {
		return resultMeaning(r.ErrorCode), true
	}
	return overhttp.Meaning{}, false
}
