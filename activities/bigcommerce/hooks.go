package bigcommerce

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// Hooks reads all hooks of the API account that match a query, on as many pages
// as there are. It returns an empty list when none match. It fails with
// Malformed when the store announces more than 100 pages.
func (c *Client) Hooks(ctx context.Context, query HooksQuery) ([]Hook, error) {
	values := url.Values{}
	if query.Scope != "" {
		values.Set("scope", query.Scope)
	}
	if query.Destination != "" {
		values.Set("destination", query.Destination)
	}
	if query.IsActive != nil {
		values.Set("is_active", strconv.FormatBool(*query.IsActive))
	}
	call := request{
		endpoint: endpointListHooks, name: "list hooks",
		method: http.MethodGet, path: "v3/hooks", query: values, mayEmpty: true,
	}
	var hooks hookList
	err := eachPage(ctx, c, call, hooks.add)
	if err != nil {
		return nil, err
	}
	return hooks.hooks(), nil
}

// Hook reads one hook. It fails with NotFound when the API account has none of
// this id.
func (c *Client) Hook(ctx context.Context, hookID int64) (Hook, error) {
	call := request{endpoint: endpointGetHook, name: "get hook " + id(hookID), method: http.MethodGet}
	return c.oneHook(ctx, call, hookID)
}

// CreateHook subscribes. BigCommerce documents that it can take a minute until
// callbacks are sent, that there can be one hook for a scope and destination
// and ten for a scope in an API account, but not how it refuses more: expect
// Invalid or Conflict, then look for the hook with Hooks.
func (c *Client) CreateHook(ctx context.Context, hook HookRequest) (Hook, error) {
	call := request{
		endpoint: endpointCreateHook, name: "create hook for " + hook.Scope,
		method: http.MethodPost, path: "v3/hooks", secrets: headerValues(hook.Headers),
	}
	if !ValidScope(hook.Scope) || hook.Destination == "" {
		return Hook{}, c.invalid("create hook", "a hook needs a valid scope and a destination")
	}
	call.body = wireHookChange{
		Scope: &hook.Scope, Destination: &hook.Destination, IsActive: &hook.IsActive, Headers: hook.Headers,
	}
	return c.readHook(ctx, call)
}

// UpdateHook changes a hook, and switches it on again with IsActive. It fails
// with NotFound when the API account has none of this id.
func (c *Client) UpdateHook(ctx context.Context, hookID int64, update HookUpdate) (Hook, error) {
	call := request{
		endpoint: endpointUpdateHook, name: "update hook " + id(hookID),
		method: http.MethodPut, secrets: headerValues(update.Headers),
	}
	if update.Scope == nil && update.Destination == nil && update.IsActive == nil && update.Headers == nil {
		return Hook{}, c.invalid(call.name, "the update changes nothing")
	}
	call.body = wireHookChange(update)
	return c.oneHook(ctx, call, hookID)
}

// DeleteHook unsubscribes; there is no way back. It fails with NotFound when
// the API account has no hook of this id.
func (c *Client) DeleteHook(ctx context.Context, hookID int64) error {
	call := request{
		endpoint: endpointDeleteHook, name: "delete hook " + id(hookID),
		method: http.MethodDelete, path: "v3/hooks/" + id(hookID),
	}
	if hookID <= 0 {
		return c.invalid(call.name, "a hook id is a positive number")
	}
	_, err := c.send(ctx, call)
	return err
}

// oneHook sends a call about the hook of this id, whose answer is that hook.
func (c *Client) oneHook(ctx context.Context, call request, hookID int64) (Hook, error) {
	if hookID <= 0 {
		return Hook{}, c.invalid(call.name, "a hook id is a positive number")
	}
	call.path = "v3/hooks/" + id(hookID)
	hook, err := c.readHook(ctx, call)
	if err != nil {
		return Hook{}, err
	}
	if hook.ID != hookID {
		return Hook{}, c.malformed(call, "the answer is about hook %d", hook.ID)
	}
	return hook, nil
}

func (c *Client) readHook(ctx context.Context, call request) (Hook, error) {
	var answer envelope[wireHook]
	call.answer = &answer
	if _, err := c.send(ctx, call); err != nil {
		return Hook{}, err
	}
	hook := answer.Data.hook()
	if hook.ID <= 0 {
		return Hook{}, c.malformed(call, "the hook in the answer has no id")
	}
	return hook, nil
}
