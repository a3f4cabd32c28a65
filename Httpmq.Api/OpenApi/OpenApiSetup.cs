using System.Text.Json;
using Httpmq.Api.Http;
using Httpmq.Api.Json;
using Microsoft.AspNetCore.Mvc;
using NJsonSchema.Generation.TypeMappers;
using NSwag.Generation.Processors;

namespace Httpmq.Api.OpenApi;

/// <summary>The OpenAPI document and Swagger UI of one API.</summary>
internal static class OpenApiSetup
{
    public static IServiceCollection AddOpenApi(
        this IServiceCollection services,
        ApiGroup group,
        ApiServerSettings server,
        params IReadOnlyList<ShapedJson> resources)
    {
        // The generator names properties as the framework would serialise them; the answers themselves do not use these options.
        services.Configure<JsonOptions>(json => json.JsonSerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower);

        // The generator takes these from here, in this order; those of the features were added before.
        services.AddSingleton<IOperationProcessor, QueryParts>();
        services.AddSingleton<IOperationProcessor, ErrorAnswers>();
        services.AddSingleton<IOperationProcessor>(new CommonParts(server.RequestIdHeader));
        return services.AddOpenApiDocument((document, provider) =>
        {
            document.DocumentName = "v1";
            document.Title = group.Title;
            document.Version = "v1";
            document.UseRouteNameAsOperationId = true;
            document.SchemaSettings.AlwaysAllowAdditionalObjectProperties = true;
            document.SchemaSettings.SchemaNameGenerator = new SchemaNames();
            document.SchemaSettings.SchemaProcessors.Add(new SchemaDetails([.. resources.SelectMany(ShapeSchema.TypesOf)]));
            document.SchemaSettings.TypeMappers.Add(SchemaDetails.DurationMapper);
            foreach (var mapper in resources.SelectMany(ShapeSchema.MappersOf).Concat(provider.GetServices<ITypeMapper>()))
            {
                document.SchemaSettings.TypeMappers.Add(mapper);
            }

            document.DocumentProcessors.Add(new DocumentText(group, server.PathPrefix, server.RequestIdHeader));
        });
    }

    public static void UseOpenApiAndSwagger(this IApplicationBuilder app, ApiGroup group, ApiServerSettings server)
    {
        app.UseOpenApi(settings =>
        {
            // By default the document is made, and kept, for each value of the Host header.
            settings.CreateDocumentCacheKey = _ => string.Empty;
            settings.PostProcess = (document, _) => DocumentText.SetServer(document, server.PathPrefix);
        });
        app.UseSwaggerUi(settings =>
        {
            settings.DocumentTitle = group.Title;
            settings.DocExpansion = "list";
            settings.CustomHeadContent = SwaggerStreams.Script;
            settings.AdditionalSettings["tryItOutEnabled"] = true;
            settings.AdditionalSettings["displayRequestDuration"] = true;
        });
    }
}
