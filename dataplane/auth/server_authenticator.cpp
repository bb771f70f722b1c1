#include "dataplane/auth/server_authenticator.hpp"
