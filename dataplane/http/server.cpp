#include "dataplane/http/server.hpp"
