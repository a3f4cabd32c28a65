using Httpmq.Api.Hosting;

namespace Httpmq.Api.OpenApi;

/// <summary>The OpenAPI document and Swagger UI of one API.</summary>
internal static class OpenApiSetup
{
    public static IServiceCollection AddOpenApi(this IServiceCollection services, ApiGroup group) =>
        services.AddOpenApiDocument(document =>
        {
            document.DocumentName = "v1";
            document.Title = group.Title;
            document.Version = "v1";
            document.Description = "Define streams and consumers, publish, subscribe and acknowledge on NATS JetStream with nothing but HTTP.";
        });

    public static void UseOpenApiAndSwagger(this IApplicationBuilder app)
    {
        app.UseOpenApi();
        app.UseSwaggerUi();
    }
}
