#include "dataplane/metrics/exposition.hpp"
