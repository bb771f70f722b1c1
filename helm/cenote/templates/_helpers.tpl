{{- define "cenote.name" -}}
{{- if contains "operator" .Release.Name }}{{ .Release.Name | trunc 53 | trimSuffix "-" }}{{ else }}{{ printf "%s-operator" (.Release.Name | trunc 53 | trimSuffix "-") }}{{ end }}
{{- end }}

{{- define "cenote.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}{{ .Values.serviceAccount.name | default (include "cenote.name" .) }}{{ else }}{{ .Values.serviceAccount.name | default "default" }}{{ end }}
{{- end }}

{{- define "cenote.selector" -}}
app.kubernetes.io/name: cenote-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "cenote.labels" -}}
{{ include "cenote.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: cenote
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "cenote.image" -}}
{{- if .digest }}{{ printf "%s@%s" .repository .digest }}{{ else }}{{ printf "%s:%s" .repository .tag }}{{ end }}
{{- end }}

{{- /* What the operator may do; the same list as kRbacRules in operator/api/labels.hpp, which a lint compares. */ -}}
{{- define "cenote.rules" -}}
- {apiGroups: [cenote.dev], resources: [connectionpools], verbs: [get, list, watch]}
- {apiGroups: [cenote.dev], resources: [connectionpools/status], verbs: [patch]}
- {apiGroups: [cenote.dev], resources: [connectionpools/finalizers], verbs: [update]}
- {apiGroups: [""], resources: [configmaps], verbs: [get, list, watch, create, patch, delete]}
- {apiGroups: [""], resources: [secrets], verbs: [get, list, watch, create, patch, delete]}
- {apiGroups: [""], resources: [services], verbs: [get, list, watch, create, patch, delete]}
- {apiGroups: [""], resources: [pods], verbs: [get, list, watch, patch]}
- {apiGroups: [apps], resources: [deployments], verbs: [get, list, watch, create, patch, delete]}
- {apiGroups: [apps], resources: [statefulsets], verbs: [get, list, watch]}
- {apiGroups: [autoscaling], resources: [horizontalpodautoscalers], verbs: [get, list, watch]}
- {apiGroups: [policy], resources: [poddisruptionbudgets], verbs: [get, list, watch, create, patch, delete]}
- {apiGroups: [events.k8s.io], resources: [events], verbs: [create, patch]}
{{- end }}
