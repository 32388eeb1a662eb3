{{/* The name of the worker deployment, as Temporal knows it. */}}
{{- define "orderbridge.deployment" -}}
{{ .Values.worker.versioning.deployment | default (include "orderbridge.fullname" .) }}
{{- end }}

{{- define "orderbridge.buildID" -}}
{{ .Values.worker.versioning.buildID | default .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/*
A build id in a name or a label: readable as far as it can be, and never the
same for two builds.
*/}}
{{- define "orderbridge.buildName" -}}
{{ regexReplaceAll "[^a-z0-9]+" (lower .) "-" | trunc 10 | trimAll "-" }}-{{ sha256sum . | trunc 6 }}
{{- end }}

{{/*
The builds that run side by side, as JSON: the release's own first. Without
versioning there is one, without an id.
*/}}
{{- define "orderbridge.builds" -}}
{{- $image := .Values.image -}}
{{- $worker := .Values.worker -}}
{{- if not $worker.versioning.enabled -}}
{{ list (dict "id" "" "image" (include "orderbridge.ownImage" .) "replicas" $worker.replicas "own" true) | toJson }}
{{- else -}}
{{- $out := list (dict "id" (include "orderbridge.buildID" .) "image" (include "orderbridge.ownImage" .) "replicas" $worker.replicas "own" true) -}}
{{- range $worker.versioning.previous -}}
{{- $of := include "orderbridge.image" (dict "repository" $image.repository "tag" (.tag | default .buildID) "digest" (.digest | default "")) -}}
{{- $out = append $out (dict "id" .buildID "image" $of "replicas" (hasKey . "replicas" | ternary .replicas 1) "own" false) -}}
{{- end -}}
{{ $out | toJson }}
{{- end -}}
{{- end }}
