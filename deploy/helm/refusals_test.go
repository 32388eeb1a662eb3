package helm_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const someKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// TestRefusals shows that values which cannot be meant are refused before
// anything is installed, and that what is said names them.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		values string // beside what is required
		says   []string
	}{
		"unknown value":             {`{ingres: {replicas: 3}}`, []string{"additional properties 'ingres' not allowed"}},
		"unknown value further in":  {`{worker: {autoscaling: {max: 3}}}`, []string{"/worker/autoscaling", "'max' not allowed"}},
		"text for a number":         {`{ingress: {replicas: "3"}}`, []string{"/ingress/replicas", "got string, want integer"}},
		"no log level":              {`{config: {logLevel: loud}}`, []string{"/config/logLevel", "'debug'"}},
		"no duration":               {`{worker: {httpTimeout: "10"}}`, []string{"/worker/httpTimeout", "does not match pattern"}},
		"no digest":                 {`{image: {digest: 9f86d081}}`, []string{"/image/digest"}},
		"address without a port":    {`{temporal: {address: temporal}}`, []string{"/temporal/address"}},
		"address with a scheme":     {`{temporal: {address: "https://temporal:7233"}}`, []string{"/temporal/address"}},
		"too few slots":             {`{worker: {maxActivities: 1}}`, []string{"/worker/maxActivities", "minimum"}},
		"longer than may be":        {`{ingress: {drainDelaySeconds: 301}}`, []string{"/ingress/drainDelaySeconds", "maximum"}},
		"policy for everybody":      {`{networkPolicy: {ingressFrom: []}}`, []string{"/networkPolicy/ingressFrom", "minItems"}},
		"peer that does not exist":  {`{networkPolicy: {metricsFrom: [{namespace: monitoring}]}}`, []string{"/networkPolicy/metricsFrom/0", "'namespace' not allowed"}},
		"budget that is no share":   {`{worker: {podDisruptionBudget: {maxUnavailable: half}}}`, []string{"/worker/podDisruptionBudget/maxUnavailable"}},
		"number in a label":         {`{commonLabels: {example.com/center: 12}}`, []string{"/commonLabels/example.com~1center", "want string"}},
		"variable without a name":   {`{extraEnv: [{value: x}]}`, []string{"/extraEnv/0", "missing property 'name'"}},
		"no address":                {`{temporal: {address: ""}}`, []string{"temporal.address is missing"}},
		"no master key":             {`{secrets: {masterKey: {value: ""}}}`, []string{"secrets.masterKey is missing", "head -c 32"}},
		"master key twice":          {`{secrets: {masterKey: {existingSecret: keys}}}`, []string{"secrets.masterKey has a value and an existingSecret"}},
		"master key too short":      {`{secrets: {masterKey: {value: "c2hvcnQ="}}}`, []string{"secrets.masterKey.value must be the base64 of 32 random bytes"}},
		"Ingress without a host":    {`{ingress: {public: {enabled: true}}}`, []string{"ingress.public.host is missing"}},
		"API without tokens":        {`{ingress: {api: {enabled: true, host: api.example.com}}}`, []string{"no operator API without secrets.apiTokens"}},
		"fewer at most than least":  {`{worker: {autoscaling: {enabled: true, minReplicas: 5, maxReplicas: 3}}}`, []string{"worker.autoscaling.minReplicas must not be above maxReplicas"}},
		"traces to nowhere":         {`{tracing: {enabled: true}}`, []string{"tracing.endpoint is missing"}},
		"a share of nothing":        {`{ingress: {autoscaling: {enabled: true}, resources: {requests: {cpu: null}}}}`, []string{"needs ingress.resources.requests.cpu"}},
		"which build is it":         {`{image: {digest: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}, worker: {versioning: {enabled: true}}}`, []string{"worker.versioning.buildID is missing"}},
		"a build twice":             {`{image: {tag: "2"}, worker: {versioning: {enabled: true, previous: [{buildID: "2"}]}}}`, []string{"has build 2 twice, or it is the current one"}},
		"previous build without id": {`{worker: {versioning: {enabled: true, previous: [{tag: "2"}]}}}`, []string{"/worker/versioning/previous/0", "missing property 'buildID'"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := map[string]any{
				"temporal": map[string]any{"address": "temporal:7233"},
				"secrets":  map[string]any{"masterKey": map[string]any{"value": someKey}},
			}
			_, err := render(all)
			require.NoError(t, err, "nothing else is wrong")
			merge(all, parse(t, tc.values))
			_, err = render(all)
			require.Error(t, err)
			for _, says := range tc.says {
				require.ErrorContains(t, err, says)
			}
			require.NotContains(t, err.Error(), someKey, "the message repeats a secret")
			require.NotContains(t, err.Error(), "c2hvcnQ=", "the message repeats a secret")
		})
	}
}

// merge puts values over others, as Helm does with several files.
func merge(to, from map[string]any) {
	for name, value := range from {
		under, isMap := to[name].(map[string]any)
		over, isMapToo := value.(map[string]any)
		if isMap && isMapToo {
			merge(under, over)
			continue
		}
		to[name] = value
	}
}
