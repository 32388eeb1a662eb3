package setupcmd_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/orderbridge/orderbridge/cmd/orderbridge/setupcmd"
	"github.com/orderbridge/orderbridge/worker/devserver/devservertest"
	"github.com/orderbridge/orderbridge/workflows"
)

func TestMain(m *testing.M) { os.Exit(devservertest.Main(m)) }

// place is a name on the real server that no namespace has yet.
type place struct {
	t       *testing.T
	address string
	name    string
	client  client.Client
}

func newPlace(t *testing.T) *place {
	t.Helper()
	server := devservertest.Start(t, nil)
	name := strings.ToLower(strings.NewReplacer("/", "-", " ", "-", ",", "").Replace(t.Name()))
	return &place{t: t, address: server.Address, name: name, client: server.Connect(t, "default")}
}

// setup runs the command as a person would.
func (p *place) setup(args ...string) (string, error) {
	p.t.Helper()
	return run(p.t, []string{"TEMPORAL_ADDRESS=" + p.address, "TEMPORAL_NAMESPACE=" + p.name}, args...)
}

func run(t *testing.T, environ []string, args ...string) (string, error) {
	t.Helper()
	cmd := setupcmd.New(environ)
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(args)
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

// create makes the namespace in another way than the command.
func (p *place) create(retention time.Duration, attributes map[string]enums.IndexedValueType) {
	p.t.Helper()
	_, err := p.client.WorkflowService().RegisterNamespace(p.t.Context(), &workflowservice.RegisterNamespaceRequest{
		Namespace: p.name, WorkflowExecutionRetentionPeriod: durationpb.New(retention),
	})
	require.NoError(p.t, err)
	require.Eventually(p.t, func() bool {
		_, err := p.client.OperatorService().AddSearchAttributes(p.t.Context(), &operatorservice.AddSearchAttributesRequest{
			Namespace: p.name, SearchAttributes: attributes,
		})
		return err == nil
	}, time.Minute, 50*time.Millisecond)
}

func (p *place) attributes() map[string]enums.IndexedValueType {
	p.t.Helper()
	listed, err := p.client.OperatorService().ListSearchAttributes(p.t.Context(), &operatorservice.ListSearchAttributesRequest{Namespace: p.name})
	require.NoError(p.t, err)
	return listed.GetCustomAttributes()
}

func (p *place) retention() time.Duration {
	p.t.Helper()
	found, err := p.client.WorkflowService().DescribeNamespace(p.t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: p.name})
	require.NoError(p.t, err)
	return found.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()
}

func TestSetupCreatesWhatIsMissing(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	planned, err := p.setup("--dry-run")
	require.NoError(t, err)
	require.Contains(t, planned, "would be created, and keep closed workflows for 720h\n")
	_, err = p.client.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: p.name})
	require.Error(t, err, "a dry run makes nothing")

	out, err := p.setup()
	require.NoError(t, err)
	require.Contains(t, out, "namespace "+p.name+": created; it keeps closed workflows for 720h\n")
	for name, kind := range workflows.SearchAttributes() {
		require.Contains(t, out, fmt.Sprintf("namespace %s: added the search attribute %s (%s)\n", p.name, name, kind))
	}
	require.Equal(t, strings.Count(planned, "\n"), strings.Count(out, "\n"))
	require.Equal(t, workflows.SearchAttributes(), p.attributes())
	require.Equal(t, 720*time.Hour, p.retention())

	// What was made can be used: the command has waited for it.
	_, err = p.client.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{
		Namespace: p.name, Query: "OrderbridgeChannel = 'main' AND OrderbridgeModified > '2026-11-27T12:00:00Z'",
	})
	require.NoError(t, err)

	out, err = p.setup()
	require.NoError(t, err)
	require.Equal(t, "namespace "+p.name+": nothing to change\n", out)
	out, err = p.setup("--json")
	require.NoError(t, err)
	require.JSONEq(t, `{"namespace": "`+p.name+`", "dry_run": false, "changes": [], "warnings": []}`, out)
}

func TestSetupLeavesAloneWhatIsThere(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.create(48*time.Hour, map[string]enums.IndexedValueType{
		"Ours": enums.INDEXED_VALUE_TYPE_KEYWORD, "OrderbridgeOrder": enums.INDEXED_VALUE_TYPE_KEYWORD,
	})
	out, err := p.setup("--json")
	require.NoError(t, err)
	var report struct {
		Changes  []map[string]string `json:"changes"`
		Warnings []string            `json:"warnings"`
	}
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.Len(t, report.Changes, len(workflows.SearchAttributes())-1)
	require.Contains(t, report.Changes, map[string]string{"change": "add_search_attribute", "name": "OrderbridgeModified", "is": "Datetime"})
	require.Len(t, report.Warnings, 1)
	require.Contains(t, report.Warnings[0], "keeps closed workflows for 48h only")
	require.Equal(t, 48*time.Hour, p.retention(), "it is set only when asked")
	require.Contains(t, p.attributes(), "Ours")

	out, err = p.setup("--retention", "7d")
	require.NoError(t, err)
	require.Equal(t, "namespace "+p.name+": keeps closed workflows for 168h now, and no longer for 48h\n", out)
	require.Equal(t, 168*time.Hour, p.retention())
	out, err = p.setup("--retention", "168h")
	require.NoError(t, err)
	require.Equal(t, "namespace "+p.name+": nothing to change\n", out)
}

func TestSetupRefuses(t *testing.T) {
	t.Parallel()

	t.Run("another type", func(t *testing.T) {
		t.Parallel()
		p := newPlace(t)
		p.create(72*time.Hour, map[string]enums.IndexedValueType{
			"OrderbridgeOrder": enums.INDEXED_VALUE_TYPE_INT, "OrderbridgeScope": enums.INDEXED_VALUE_TYPE_TEXT,
		})
		_, err := p.setup()
		require.ErrorContains(t, err, "has the search attribute OrderbridgeOrder with the type Int; it must be Keyword.")
		require.ErrorContains(t, err, "has the search attribute OrderbridgeScope with the type Text; it must be Keyword.", "every mistake at once")
		require.Len(t, p.attributes(), 2, "nothing is added to what cannot be used")
	})

	t.Run("no room", func(t *testing.T) {
		t.Parallel()
		p := newPlace(t)
		others := map[string]enums.IndexedValueType{}
		for i := range 5 {
			others[fmt.Sprintf("Other%d", i)] = enums.INDEXED_VALUE_TYPE_KEYWORD
		}
		p.create(72*time.Hour, others)
		for _, args := range [][]string{nil, {"--dry-run"}} {
			_, err := p.setup(args...)
			require.ErrorContains(t, err, "has no room for OrderbridgeChannel, ")
			require.ErrorContains(t, err, "(sqlite) holds 10 search attributes of the type Keyword, and there are Other0, Other1")
			require.ErrorContains(t, err, "Set TEMPORAL_NAMESPACE to a namespace of Orderbridge's own")
		}
		require.Equal(t, others, p.attributes())
	})
}

func TestSetupsAtTheSameTime(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	errs := make([]error, 4)
	var running sync.WaitGroup
	for i := range errs {
		running.Go(func() { _, errs[i] = p.setup() })
	}
	running.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.Equal(t, workflows.SearchAttributes(), p.attributes())
}

func TestSetupWithoutTemporal(t *testing.T) {
	t.Parallel()
	_, err := run(t, []string{"TEMPORAL_ADDRESS=127.0.0.1:1"}, "--wait", "100ms")
	require.ErrorContains(t, err, "no Temporal answers at 127.0.0.1:1: check TEMPORAL_ADDRESS")
}

func TestParseRetention(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"": 0, "72h": 72 * time.Hour, "30d": 720 * time.Hour, "36500d": 36500 * 24 * time.Hour} {
		got, err := setupcmd.ParseRetention(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for text, says := range map[string]string{
		"a month": "must look like 30d or 720h", "d": "must look like 30d", "-1d": "at least 72h", "71h": "at least 72h", "2d": "at least 72h",
		"72h30m": "whole hours", "36501d": "at most 36500d", "99999999999999d": "at most 36500d",
	} {
		_, err := setupcmd.ParseRetention(text)
		require.ErrorContains(t, err, says, text)
	}
	_, err := run(t, nil, "--retention", "1h")
	require.ErrorContains(t, err, `see "setup --help"`)
}
