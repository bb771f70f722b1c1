#include "dataplane/auth/scram.hpp"
