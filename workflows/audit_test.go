package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/workflows"
)

// audit runs the workflow on the reports of one look after the other.
func audit(t *testing.T, request channels.AuditRequest, looks ...channels.AuditReport) (channels.AuditReport, []time.Duration) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterActivity(acts)
	began := env.Now()
	var at []time.Duration
	env.OnActivity(acts.AskAudit, mock.Anything, request).Return(
		func(context.Context, channels.AuditRequest) (channels.AuditReport, error) {
			at = append(at, env.Now().Sub(began))
			return looks[min(len(at), len(looks))-1], nil
		})
	env.ExecuteWorkflow(workflows.Audit, request)
	require.NoError(t, env.GetWorkflowError())
	var report channels.AuditReport
	require.NoError(t, env.GetWorkflowResult(&report))
	return report, at
}

func TestAuditReportsWhatTheChannelFound(t *testing.T) {
	t.Parallel()
	want := channels.AuditReport{
		Channel: "main", Revision: 3, Found: []channels.Finding{{Kind: channels.FindingMissing, Done: "made"}},
		Left: []channels.Finding{}, Done: []string{"made hook 7"}, Subscribed: []string{"store/order/statusUpdated"}, Hooks: []channels.HookRef{},
	}
	report, at := audit(t, channels.AuditRequest{Channel: "main", Cause: channels.AuditScheduled}, want)
	require.Equal(t, want, report)
	require.Len(t, at, 1)
}

func TestAuditLooksAgainUntilItIsFinished(t *testing.T) {
	t.Parallel()
	pending := channels.Finding{Kind: channels.FindingDuplicate, HookID: 8, Detail: "two", Left: true, Harmless: true}
	removed := channels.Finding{Kind: channels.FindingDuplicate, HookID: 8, Detail: "two", Done: "removed hook 8"}
	made := channels.Finding{Kind: channels.FindingInactive, HookID: 7, Done: "switched on"}
	report, at := audit(t, channels.AuditRequest{Channel: "main"},
		channels.AuditReport{
			Found: []channels.Finding{made, pending}, Left: []channels.Finding{pending}, Done: []string{"switched hook 7 on"},
			Again: channels.Duration(65 * time.Second),
		},
		channels.AuditReport{Found: []channels.Finding{removed}, Done: []string{"removed hook 8"}})
	require.Equal(t, []channels.Finding{made, removed}, report.Found, "each is named once, as it ended")
	require.Equal(t, []string{"switched hook 7 on", "removed hook 8"}, report.Done)
	require.Empty(t, report.Left)
	require.Equal(t, []time.Duration{0, 65 * time.Second}, at)
}

func TestAuditEndsThoughItCannotFinish(t *testing.T) {
	t.Parallel()
	again := channels.AuditReport{Again: channels.Duration(time.Minute)}
	_, at := audit(t, channels.AuditRequest{Channel: "main"}, again)
	require.Len(t, at, 5)
}

// TestAuditWaitsForTheSwitchingOff shows that the last warning of BigCommerce,
// which comes before it switches a hook off, leads to two looks.
func TestAuditWaitsForTheSwitchingOff(t *testing.T) {
	t.Parallel()
	mended := channels.AuditReport{Found: []channels.Finding{{Kind: channels.FindingDeactivated, Done: "switched on"}}}
	report, at := audit(t, channels.AuditRequest{Channel: "main", Cause: channels.AuditException, Code: bigcommerce.DeliveryGivenUp},
		channels.AuditReport{}, mended)
	require.Equal(t, mended.Found, report.Found)
	require.Equal(t, []time.Duration{0, 2 * time.Minute}, at)
}

func TestAuditOfAChannelThatIsGone(t *testing.T) {
	t.Parallel()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterActivity(acts)
	env.OnActivity(acts.AskAudit, mock.Anything, mock.Anything).Return(channels.AuditReport{},
		temporal.NewNonRetryableApplicationError("channel main: there is no such sales channel", string(activities.ReasonUnknownChannel), nil)).Once()
	env.ExecuteWorkflow(workflows.Audit, channels.AuditRequest{Channel: "main"})
	require.ErrorContains(t, env.GetWorkflowError(), "no such sales channel")
}
