#include "dataplane/auth/client_authenticator.hpp"
