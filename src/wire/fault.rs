//! The errors of the service.

shape! {
    /// The request is refused as it is; status 400.
    pub struct ValidationException {
        /// Why.
        optional message: String = "message";
    }

    /// No permission, or no access to the model; status 403.
    pub struct AccessDeniedException {
        /// Why.
        optional message: String = "message";
    }

    /// No such model or profile; status 404.
    pub struct ResourceNotFoundException {
        /// What is missing.
        optional message: String = "message";
    }

    /// The model took too long; status 408.
    pub struct ModelTimeoutException {
        /// What happened.
        optional message: String = "message";
    }

    /// The model failed; status 424.
    pub struct ModelErrorException {
        /// What happened.
        optional message: String = "message";
        /// The status that the model gave.
        optional original_status_code: i64 = "originalStatusCode";
        /// The model.
        optional resource_name: String = "resourceName";
    }

    /// The model failed while it streamed; status 424.
    pub struct ModelStreamErrorException {
        /// What happened.
        optional message: String = "message";
        /// The status that the model gave.
        optional original_status_code: i64 = "originalStatusCode";
        /// What the model said.
        optional original_message: String = "originalMessage";
    }

    /// Too many requests or tokens just now; status 429.
    pub struct ThrottlingException {
        /// Of what there was too much.
        optional message: String = "message";
    }

    /// The model is being loaded; status 429.
    pub struct ModelNotReadyException {
        /// What happened.
        optional message: String = "message";
    }

    /// The service failed; status 500.
    pub struct InternalServerException {
        /// What happened.
        optional message: String = "message";
    }

    /// The service cannot answer now; status 503.
    pub struct ServiceUnavailableException {
        /// What happened.
        optional message: String = "message";
    }
}
