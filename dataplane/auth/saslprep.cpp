#include "dataplane/auth/saslprep.hpp"
