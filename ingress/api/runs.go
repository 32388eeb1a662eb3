package api

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/ingress/operator"
)

// started is the answer to a call that began a run.
type started struct {
	Run string `json:"run"`
}

// checkAnswer is a check under way, or its result.
type checkAnswer struct {
	Run    string                 `json:"run"`
	Done   bool                   `json:"done"`
	Report activities.CheckReport `json:"report"`
}

// reconciliationAnswer is a search under way, or its result.
type reconciliationAnswer struct {
	Run      string                       `json:"run"`
	Done     bool                         `json:"done"`
	Progress activities.ReconcileProgress `json:"progress"`
	Report   *activities.ReconcileReport  `json:"report,omitempty"`
}

var (
	// checkForm is that of Temporal's run ids, which refuses others.
	checkForm = regexp.MustCompile(`^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	// searchForm keeps what a caller names from being anything but the end of
	// an id.
	searchForm = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)
)

// accepted answers that a run has begun.
func accepted(id, kind, run string) reply {
	return reply{status: http.StatusAccepted, body: started{run}, location: "/channels/" + id + "/" + kind + "/" + run}
}

func (a *API) startCheck(ctx context.Context, r request) (reply, error) {
	body := struct {
		Deliver bool `json:"deliver"`
	}{Deliver: true}
	if err := decode(r.body, &body); err != nil {
		return reply{}, err
	}
	run, err := a.operator.StartCheck(ctx, r.by, r.id, body.Deliver)
	return accepted(r.id, "checks", run.RunID), err
}

func (a *API) check(ctx context.Context, r request) (reply, error) {
	if !channels.ValidID(r.id) || !checkForm.MatchString(r.run) {
		return reply{}, errNoRun()
	}
	report, done, err := a.operator.CheckProgress(ctx, operator.CheckRun{WorkflowID: channels.CheckID(r.id), RunID: r.run})
	report.Steps = orEmpty(report.Steps)
	return reply{body: checkAnswer{Run: r.run, Done: done, Report: report}}, ofRun(err)
}

func (a *API) startReconcile(ctx context.Context, r request) (reply, error) {
	var body struct {
		Since  time.Time `json:"since"`
		DryRun bool      `json:"dry_run"`
	}
	if err := decode(r.body, &body); err != nil {
		return reply{}, err
	}
	run, err := a.operator.StartReconcile(ctx, activities.ReconcileRequest{Channel: r.id, Since: body.Since, DryRun: body.DryRun})
	return accepted(r.id, "reconciliations", strings.TrimPrefix(run.WorkflowID, reconcilePrefix(r.id))), err
}

// reconcilePrefix is how the ids of searches begin that an operator asked for.
func reconcilePrefix(id string) string { return channels.ReconcileID(id) + "/request/" }

func (a *API) reconciliation(ctx context.Context, r request) (reply, error) {
	if !channels.ValidID(r.id) || !searchForm.MatchString(r.run) {
		return reply{}, errNoRun()
	}
	// A long search goes through several runs of one workflow; its id leads to
	// the latest.
	run := operator.ReconcileRun{WorkflowID: reconcilePrefix(r.id) + r.run}
	progress, err := a.operator.ReconcileProgress(ctx, run)
	answer := reconciliationAnswer{Run: r.run, Done: progress.Done, Progress: progress}
	if err != nil || !progress.Done {
		return reply{body: answer}, ofRun(err)
	}
	report, err := a.operator.ReconcileResult(ctx, run)
	report.Found = orEmpty(report.Found)
	answer.Report = &report
	return reply{body: answer}, ofRun(err)
}

func errNoRun() error {
	return newProblem("not-found", http.StatusNotFound, "there is no such run, or it ended so long ago that nothing is known of it any more")
}

// ofRun says of what is not there that it is the run, not the channel.
func ofRun(err error) error {
	if e, ok := errors.AsType[*operator.Error](err); ok && e.Kind == operator.KindUnknownChannel {
		return errNoRun()
	}
	return err
}
