using Microsoft.AspNetCore.Cors.Infrastructure;

namespace Httpmq.Api.Http;

/// <summary>What pages of other origins may do: nothing, or with those that are configured what CORS lets them.</summary>
internal static class PageAccess
{
    private const string Any = "*";

    /// <summary>
    /// What a page may read of an answer's headers. The last is for the attributes of CloudEvents, whose names nobody knows before; it
    /// holds where no credentials are sent, as is the case here.
    /// </summary>
    private static readonly string[] Exposed =
    [
        "Retry-After", "Allow", "ETag", "Preference-Applied", QueryMiddleware.WarningHeader, "Httpmq-Stream", "Httpmq-Subject",
        "Httpmq-Sequence", "Httpmq-Time", "Httpmq-Consumer-Sequence", "Httpmq-Deliveries", "Httpmq-Token", Any,
    ];

    private static readonly TimeSpan PreflightAge = TimeSpan.FromMinutes(10);

    public static IServiceCollection AddPageAccess(this IServiceCollection services, ApiServerSettings server) =>
        server.AllowedOrigins.Count == 0 ? services : services.AddCors(cors => cors.AddDefaultPolicy(policy => Configure(policy, server)));

    public static void UsePageAccess(this WebApplication app, ApiServerSettings server, ApiGroup group)
    {
        app.UseMiddleware<WebPageGuard>(group);
        if (server.AllowedOrigins.Count == 0)
        {
            return;
        }

        app.UseCors();
        if (!server.AllowedOrigins.Contains(Any))
        {
            // What a cache holds of a request without an origin must not be given to one that has it; the others have this from CORS.
            app.Use((context, next) =>
            {
                if (context.Request.Headers.Origin.Count == 0)
                {
                    context.Response.Headers.Vary = "Origin";
                }

                return next(context);
            });
        }
    }

    private static void Configure(CorsPolicyBuilder policy, ApiServerSettings server)
    {
        policy.AllowAnyMethod().AllowAnyHeader().SetPreflightMaxAge(PreflightAge);
        policy.WithExposedHeaders([server.RequestIdHeader, .. Exposed]);
        if (server.AllowedOrigins.Contains(Any))
        {
            policy.AllowAnyOrigin();
        }
        else
        {
            policy.SetIsOriginAllowed(server.AllowedOrigins.Contains);
        }
    }
}
