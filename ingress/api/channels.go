package api

import (
	"context"
	"net/http"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/ingress/operator"
)

func (a *API) list(ctx context.Context, _ request) (reply, error) {
	views, err := a.operator.List(ctx)
	if err != nil {
		return reply{}, err
	}
	list := make([]any, len(views))
	for i, view := range views {
		if list[i] = tidy(view); view.Revision == 0 {
			list[i] = unreadable{ID: view.ID, Error: view.Error}
		}
	}
	return reply{body: map[string]any{"channels": list}}, nil
}

// unreadable stands in a list for a channel of which nothing is known.
type unreadable struct {
	ID    string `json:"id"`
	Error string `json:"error"`
}

func (a *API) get(ctx context.Context, r request) (reply, error) {
	view, err := a.operator.Get(ctx, r.id)
	return reply{body: tidy(view), revision: view.Revision}, err
}

// tidy makes the lists of a channel that are absent read [] and not null.
func tidy(view operator.View) operator.View {
	view.Settings.ValidCancellationStatuses = orEmpty(view.Settings.ValidCancellationStatuses)
	view.Settings.ValidFulfillmentStatuses = orEmpty(view.Settings.ValidFulfillmentStatuses)
	if view.Status != nil {
		status := *view.Status
		status.Hooks, status.Health.Problems = orEmpty(status.Hooks), orEmpty(status.Health.Problems)
		if status.Health.State == "" {
			status.Health.State = channels.HealthUnknown
		}
		view.Status = &status
	}
	return view
}

func (a *API) status(ctx context.Context, r request) (reply, error) {
	view, err := a.operator.Get(ctx, r.id)
	if err != nil {
		return reply{}, err
	}
	if view.Status == nil {
		return reply{}, newProblem("unavailable", http.StatusServiceUnavailable, view.Error)
	}
	return reply{body: tidy(view).Status}, nil
}

func (a *API) history(ctx context.Context, r request) (reply, error) {
	changes, err := a.operator.History(ctx, r.id)
	for i := range changes {
		changes[i].Fields = orEmpty(changes[i].Fields)
	}
	return reply{body: map[string]any{"changes": orEmpty(changes)}}, err
}

// add saves a channel that must not exist yet.
func (a *API) add(ctx context.Context, r request) (reply, error) {
	body := channelBody{Active: true}
	if err := decode(r.body, &body); err != nil {
		return reply{}, err
	}
	none := 0
	result, err := a.operator.Save(ctx, r.by, body.channel(), body.secrets(), &none)
	answer := saved(result)
	answer.status, answer.location = http.StatusCreated, "/channels/"+body.ID
	return answer, err
}

// put saves a channel as it is given, whether it exists or not. What it does not
// say has its default; only credentials stay.
func (a *API) put(ctx context.Context, r request) (reply, error) {
	revision, err := expected(r)
	if err != nil {
		return reply{}, err
	}
	body := channelBody{ID: r.id, Active: true}
	if err := decode(r.body, &body); err != nil {
		return reply{}, err
	}
	if body.ID != r.id {
		return reply{}, errOtherID()
	}
	result, err := a.operator.Save(ctx, r.by, body.channel(), body.secrets(), revision)
	answer := saved(result)
	if err == nil && result.Revision == 1 && len(result.Changed) > 0 {
		answer.status, answer.location = http.StatusCreated, "/channels/"+r.id
	}
	return answer, unmet(err, revision)
}

func errOtherID() error {
	return badRequest("the body is about another channel than the address", fieldOf("id", "must be that of the address, or be left out"))
}

// patch changes what is given and leaves the rest.
func (a *API) patch(ctx context.Context, r request) (reply, error) {
	// What is wrong with the body is said before anybody is asked.
	if err := decode(r.body, &channelBody{}); err != nil {
		return reply{}, err
	}
	return a.change(ctx, r, func(channel *channels.Channel) (operator.Secrets, error) {
		body := bodyOf(*channel)
		if err := decode(r.body, &body); err != nil {
			return operator.Secrets{}, err
		}
		if body.ID != r.id {
			return operator.Secrets{}, errOtherID()
		}
		*channel = body.channel()
		return body.secrets(), nil
	})
}

// credentials puts credentials in the place of others.
func (a *API) credentials(ctx context.Context, r request) (reply, error) {
	var body credentialsBody
	if err := decode(r.body, &body); err != nil {
		return reply{}, err
	}
	if body.empty() {
		return reply{}, badRequest("the body names no credential: give access_token, client_id, client_secret or downstream_token")
	}
	return a.change(ctx, r, func(channel *channels.Channel) (operator.Secrets, error) {
		if body.ClientID != nil {
			channel.Store.ClientID = *body.ClientID
		}
		return operator.Secrets{AccessToken: body.AccessToken, ClientSecret: body.ClientSecret, DownstreamToken: body.DownstreamToken}, nil
	})
}

// attempts is how often a change is begun anew because somebody else changed the
// channel between reading and saving.
const attempts = 3

// change saves a channel that exists with a change to it.
func (a *API) change(ctx context.Context, r request, edit func(*channels.Channel) (operator.Secrets, error)) (reply, error) {
	revision, err := expected(r)
	if err != nil {
		return reply{}, err
	}
	for attempt := 1; ; attempt++ {
		channel, err := a.operator.Channel(ctx, r.id)
		if err != nil {
			return reply{}, err
		}
		on := channel.Revision
		if revision != nil {
			on = *revision
		}
		secrets, err := edit(&channel)
		if err != nil {
			return reply{}, err
		}
		result, err := a.operator.Save(ctx, r.by, channel, secrets, &on)
		if operator.IsKind(err, operator.KindConflict) && revision == nil && attempt < attempts {
			continue
		}
		return saved(result), unmet(err, revision)
	}
}

func (a *API) setActive(active bool) func(context.Context, request) (reply, error) {
	return func(ctx context.Context, r request) (reply, error) {
		if r.http.Header.Get("If-Match") != "" {
			return a.change(ctx, r, func(channel *channels.Channel) (operator.Secrets, error) {
				channel.Active = active
				return operator.Secrets{}, nil
			})
		}
		result, err := a.operator.SetActive(ctx, r.by, r.id, active)
		return saved(result), err
	}
}

func (a *API) rotateSecret(ctx context.Context, r request) (reply, error) {
	if err := unconditional(r); err != nil {
		return reply{}, err
	}
	result, err := a.operator.RotateSecret(ctx, r.by, r.id)
	return saved(result), err
}

func (a *API) rotateKey(ctx context.Context, r request) (reply, error) {
	if err := unconditional(r); err != nil {
		return reply{}, err
	}
	changed, err := a.operator.Reseal(ctx, r.by, r.id)
	return reply{body: map[string]any{"resealed": orEmpty(changed)}}, err
}

func (a *API) audit(ctx context.Context, r request) (reply, error) {
	if err := unconditional(r); err != nil {
		return reply{}, err
	}
	report, err := a.operator.Audit(ctx, r.id)
	report.Found, report.Left = orEmpty(report.Found), orEmpty(report.Left)
	report.Done, report.Subscribed, report.Hooks = orEmpty(report.Done), orEmpty(report.Subscribed), orEmpty(report.Hooks)
	return reply{body: report}, err
}

// remove removes a channel. The condition is looked at before: a removal is not
// made on a revision.
func (a *API) remove(ctx context.Context, r request) (reply, error) {
	revision, err := expected(r)
	if err != nil {
		return reply{}, err
	}
	force := r.http.URL.Query().Get("force")
	if force != "" && force != "true" && force != "false" {
		return reply{}, badRequest("force must be true or false", fieldOf("force", "must be true or false"))
	}
	if revision != nil {
		channel, err := a.operator.Channel(ctx, r.id)
		if err != nil {
			return reply{}, err
		}
		if channel.Revision != *revision {
			return reply{}, newProblem("precondition-failed", http.StatusPreconditionFailed, "the channel was changed meanwhile: read it again")
		}
	}
	result, err := a.operator.Remove(ctx, r.by, r.id, force == "true")
	result.Left = orEmpty(result.Left)
	return reply{body: result}, err
}

// saved answers with what came of a change.
func saved(result channels.SaveResult) reply {
	result.Changed, result.Subscribed = orEmpty(result.Changed), orEmpty(result.Subscribed)
	return reply{body: result, revision: result.Revision}
}

// orEmpty makes a list that is absent read [] and not null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
